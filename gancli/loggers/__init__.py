"""Loggers, which write the ticks of a training: the contract, the guard around loggers, and the built-in ones.

Imports training and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

"""Losses: the contract, the usual two-player step, and the built-in ones.

Imports game and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

"""The networks whose features figures are computed from: the contract and the built-in ones.

Imports metrics and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

"""Figures of generated images against real ones: the contract, the formulas, the built-in metrics.

Imports data and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

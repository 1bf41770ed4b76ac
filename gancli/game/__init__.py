"""The game that a loss plays: batches, networks in the run's precision, statistics, augmentations, penalties.

Imports architectures and what is below it.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

"""The game that a loss plays: batches, networks in the run's precision, statistics, augmentations, penalties.

Imports architectures and what is below it.
"""

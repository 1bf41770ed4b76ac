"""Evaluations: a model, real images, an extractor and metrics brought together, at the end or while it trains.

Imports extractors, metrics, generation and what is below them.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())

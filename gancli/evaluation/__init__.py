"""Evaluations: a model, real images, an extractor and metrics brought together, at the end or while it trains.

Imports extractors, metrics, generation and what is below them.
"""

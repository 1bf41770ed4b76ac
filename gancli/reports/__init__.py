"""Runs read back from their files: overviews, comparisons, plots, and one that is followed while it trains.

Imports runs, telemetry, generation and what is below them; no torch.
"""

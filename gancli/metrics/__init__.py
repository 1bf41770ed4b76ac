"""Figures of generated images against real ones: the contract, the formulas, the built-in metrics.

Imports data and what is below it.
"""

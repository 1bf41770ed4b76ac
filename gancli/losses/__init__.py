"""Losses: the contract, the usual two-player step, and the built-in ones.

Imports game and what is below it.
"""

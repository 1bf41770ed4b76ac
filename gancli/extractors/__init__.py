"""The networks whose features figures are computed from: the contract and the built-in ones.

Imports metrics and what is below it.
"""

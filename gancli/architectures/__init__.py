"""Networks: the contract, the built-in ones and their layers, latents, and what a model can be asked for.

Imports data and what is below it.
"""

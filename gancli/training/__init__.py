"""Training: the trainer, its step, the state that a run continues from, players, averaging, divergence, cadences.

Imports evaluation, losses and what is below them; knows no screen.
"""

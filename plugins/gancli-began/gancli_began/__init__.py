"""BEGAN for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

PRESET = {"arch": "began", "loss": "began"}


@hookimpl
def gancli_register(add: Add) -> None:
    add("architecture", "began", "gancli_began.architecture:BEGAN", "Autoencoder as discriminator (1703.10717).")
    add("loss", "began", "gancli_began.loss:BEGANLoss", "Reconstruction errors in equilibrium (1703.10717).")
    add("preset", "began", "gancli_began:PRESET", "BEGAN: an autoencoder and a generator in equilibrium.")

"""BEGAN for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

PRESET = {"arch": "began", "loss": "began"}
DIGITS = {
    "arch": {"name": "began", "width": 12, "hidden": 32, "latent": 16},
    "loss": {"name": "began", "gamma": 1.0, "k_rate": 0.05},
    "optim": {"lr": 1e-3, "decay": "linear", "ema": 8000},
    "batch_size": 32,
    "steps": 2200,
}


@hookimpl
def gancli_register(add: Add) -> None:
    add("architecture", "began", "gancli_began.architecture:BEGAN", "Autoencoder as discriminator (1703.10717).")
    add("loss", "began", "gancli_began.loss:BEGANLoss", "Reconstruction errors in equilibrium (1703.10717).")
    add("preset", "began", "gancli_began:PRESET", "BEGAN: an autoencoder and a generator in equilibrium.")
    add("preset", "began-digits", "gancli_began:DIGITS", "BEGAN narrow enough for a CPU: digits in minutes.")

"""CycleGAN for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

PRESET = {"arch": "cyclegan", "loss": "cyclegan", "batch_size": 4, "optim.decay": "linear"}


@hookimpl
def gancli_register(add: Add) -> None:
    add(
        "architecture",
        "cyclegan",
        "gancli_cyclegan.architecture:CycleGAN",
        "Two translators and critics (1703.10593).",
    )
    add("loss", "cyclegan", "gancli_cyclegan.loss:CycleGANLoss", "There and back again gives the image (1703.10593).")
    add("preset", "cyclegan", "gancli_cyclegan:PRESET", "CycleGAN: images of two classes turned into each other.")
    add("command", "translate", "gancli_cyclegan.command:command", "Turn pictures of one class into another.")

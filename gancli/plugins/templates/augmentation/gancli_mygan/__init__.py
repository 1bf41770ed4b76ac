"""MyGAN for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

gancli_api = 1  # the version of gancli's plugin API that this is written for


@hookimpl
def gancli_register(add: Add) -> None:
    """Say what there is."""
    add("augmentation", "mygan", "gancli_mygan.augmentation:augment", "MyGAN, in one line.")

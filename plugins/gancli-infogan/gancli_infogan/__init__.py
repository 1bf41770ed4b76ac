"""InfoGAN for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

gancli_api = 1
PRESET = {"arch": "infogan", "loss": "infogan"}


@hookimpl
def gancli_register(add: Add) -> None:
    add(
        "architecture",
        "infogan",
        "gancli_infogan.architecture:InfoGAN",
        "DCGAN with codes in the latent (1606.03657).",
    )
    add("loss", "infogan", "gancli_infogan.loss:InfoGANLoss", "Images tell the codes they were made of (1606.03657).")
    add("preset", "infogan", "gancli_infogan:PRESET", "InfoGAN: categories and codes, found without labels.")

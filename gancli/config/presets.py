"""Presets: pairs of architecture and loss as in their papers. They are the lowest layer that a user chooses."""

from gancli.config.config import Config
from gancli.plugins.registry import registry

GAN = {"arch": "gan", "loss": "gan"}
DCGAN = {"arch": "dcgan", "loss": "gan"}
CGAN = {"arch": "cgan", "loss": "gan"}
WGAN = {"arch": "dcgan", "loss": "wgan"}
WGAN_GP = {"arch": "dcgan", "loss": "wgan-gp"}
LSGAN = {"arch": "dcgan", "loss": "lsgan"}
SNGAN = {"arch": "resnet", "loss": "hinge"}
R3GAN = {"arch": "resnet", "loss": "r3gan"}


def preset(name: str) -> Config:
    """The layer that a registered preset holds."""
    return Config.nested(f"preset {name}", registry().find("preset", name).load())

"""Pairs of architecture and loss as their papers have them: data only, the lowest layer that a user chooses."""

GAN = {"arch": "gan", "loss": "gan"}
DCGAN = {"arch": "dcgan", "loss": "gan"}
CGAN = {"arch": "cgan", "loss": "gan"}
WGAN = {"arch": "dcgan", "loss": "wgan"}
WGAN_GP = {"arch": "dcgan", "loss": "wgan-gp"}
LSGAN = {"arch": "dcgan", "loss": "lsgan"}
SNGAN = {"arch": "resnet", "loss": "hinge"}
R3GAN = {"arch": "resnet", "loss": "r3gan"}

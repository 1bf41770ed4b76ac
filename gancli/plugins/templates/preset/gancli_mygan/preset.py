"""The preset of MyGAN: settings as a run file has them, by dotted name; a user's own are above them."""

PRESET = {"arch": "dcgan", "arch.width": 32, "loss": "hinge", "optim.lr": 4e-4, "batch_size": 32}

"""The smallest trainings that are still real."""

from pathlib import Path

from gancli.architectures.contract import Architecture
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.data.images import Images
from gancli.losses.contract import Loss
from gancli.runs.run import Run
from gancli.training.trainer import Trainer

# What makes each built-in architecture tiny.
TINY = {
    "dcgan": {"arch.width": 4, "arch.latent": 8},
    "resnet": {"arch.width": 2, "arch.latent": 8},
    "gan": {"arch.units": 8, "arch.d_units": 8, "arch.latent": 8},
    "cgan": {"arch.z_units": 8, "arch.y_units": 8, "arch.units": 16, "arch.d_units": 8, "arch.latent": 8},
}
# The same as words of the command line.
TINY_WORDS = ["--arch.width", 4, "--arch.latent", 8, "--batch-size", 8, "--data.count", 40, "--size", 8]


def trainer(folder: Path | None = None, data: Images | None = None, **given: object) -> Trainer:
    """A trainer of digits, 16x16, in batches of 8; options by dotted name with `__` for the dot."""
    values = {key.replace("__", "."): value for key, value in given.items()}
    arch = str(values.get("arch.name", "dcgan"))
    fixed = {"data.size": "16", "data.count": 40, "batch_size": 8, "steps": 2, "device": "cpu", **TINY.get(arch, {})}
    settings = resolve([Config("test", {**fixed, **values})]).settings
    return Trainer(settings, data or settings.data.load(), folder and made(folder))


def playing(arch: type[Architecture] | None = None, loss: type[Loss] | None = None, **given: object) -> Trainer:
    """Such a trainer of classes that nobody has registered, instead of dcgan or the loss of 2014."""
    values = {"data.size": "16", "data.count": 40, "batch_size": 8, "steps": 2, "device": "cpu", **TINY["dcgan"]}
    values |= {"arch.name": "dcgan", "loss.name": "gan", "optim.r1": 0.0, "log_every": "1"}
    values |= {key.replace("__", "."): value for key, value in given.items()}
    settings = resolve([Config("test", values)]).settings
    own = {"arch": arch(**settings.arch.model_dump())} if arch else {}
    own |= {"loss": loss(name="own")} if loss else {}
    return Trainer(settings.model_copy(update=own), settings.data.load())


def made(folder: Path) -> Run:
    """The run in a folder, which is made if need be."""
    run = Run(folder)
    if not folder.exists():
        run.make()
    return run

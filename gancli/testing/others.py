"""The rules of everything that is registered, and those of kinds that have few."""

import warnings
from functools import partial

import click

from gancli.base.errors import GanError
from gancli.base.options import Options
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.config.presets import preset
from gancli.loggers.guarded import LoggerWarning, open_loggers
from gancli.testing.contract import Broken, Case, Rules
from gancli.testing.metrics import lends, measures
from gancli.testing.training import folder, pictures, trainer
from gancli.training.trainer import Trainer


def rules(case: Case) -> Rules:
    """Give the rules of all kinds, then of this one, each as a title and a function that raises Broken."""
    yield "can be imported", partial(_loads, case)
    yield "is explained", partial(_is_explained, case)
    own = {"preset": _trains, "logger": _logs, "command": _explains_itself, "augmentation": _augments}
    own |= {"metric": measures, "extractor": lends}
    if case.entry.kind in own:
        yield "works", partial(own[case.entry.kind], case)


def _loads(case: Case) -> None:
    try:
        case.entry.load()
    except GanError as error:
        raise Broken(str(error)) from error


def _is_explained(case: Case) -> None:
    if not case.entry.summary:
        raise Broken(f"{case.entry.name} has no summary. Give add() a fourth argument: one line for `gan list`.")
    thing = case.entry.load()
    for name, info in thing.model_fields.items() if isinstance(thing, type) and issubclass(thing, Options) else ():
        if name != "name" and not info.description:
            raise Broken(f"Option {name} has no description. Give its Field(...) one: it is shown by --help.")


def _trains(case: Case) -> None:
    values = {key: value for key, value in case.settings.items() if not key.startswith("data.")}
    fixed = {"steps": 2, "batch_size": 4, "device": "cpu", **values}
    chosen = f"{case.entry.package}/{case.entry.name}"
    list(Trainer(resolve([preset(chosen), Config("check", fixed)]).settings, pictures()))


def _logs(case: Case) -> None:
    from gancli.plugins.registry import registry

    arch, loss = registry().find("architecture", "gan"), registry().find("loss", "gan")
    with folder() as parent, warnings.catch_warnings():
        warnings.simplefilter("error", LoggerWarning)
        training = trainer(arch, loss, {"arch.units": 8}, folder=parent / "a")
        try:
            with open_loggers([f"{case.entry.package}/{case.entry.name}"], training) as log:
                for tick in training:
                    log(tick)
        except LoggerWarning as error:
            raise Broken(str(error)) from error


def _explains_itself(case: Case) -> None:
    command = case.entry.load()
    if not isinstance(command, click.Command):
        raise Broken(f"{case.entry.target} is no click.Command. Decorate a function with @click.command().")
    if not command.help:
        raise Broken(f"Command {case.entry.name} has no help. Give its function a docstring.")


def _augments(case: Case) -> None:
    import torch

    from gancli.testing.watch import no_reads

    x = (torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1).requires_grad_()
    with no_reads():
        a, b = (case.entry.load()(x, torch.Generator().manual_seed(1)) for _ in range(2))
    if a.shape != x.shape:
        raise Broken(f"It makes {tuple(a.shape)} of {tuple(x.shape)}.")
    if not torch.equal(a, b):
        raise Broken("It differs with the same generator. Pass the generator to every random function.")
    if not a.requires_grad:
        raise Broken("G gets no gradient through it. Leave out detach, and operations on bytes.")

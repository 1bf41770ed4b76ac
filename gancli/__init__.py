"""Train GANs from the terminal. What plugin authors need is here, and imported only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import Field

    from gancli.architectures import Architecture, Networks
    from gancli.architectures.translator import Translator
    from gancli.data.base import Dataset, Images, Spec
    from gancli.data.records import Records
    from gancli.errors import GanError, UsageError
    from gancli.extractors import Extractor
    from gancli.game import Game
    from gancli.hookspecs import API_VERSION, Add, hookimpl
    from gancli.loggers import Logger
    from gancli.losses import Loss, Move
    from gancli.losses.adversarial import AdversarialLoss
    from gancli.metrics import Generated, Metric, Reference
    from gancli.plugins import register
    from gancli.sampling import Draw, Sampling, Truncation
    from gancli.ticks import Event, Tick
    from gancli.trainer import Trainer

_HOMES = {
    "API_VERSION": "gancli.hookspecs",
    "Add": "gancli.hookspecs",
    "AdversarialLoss": "gancli.losses.adversarial",
    "Architecture": "gancli.architectures",
    "Dataset": "gancli.data.base",
    "Draw": "gancli.sampling",
    "Event": "gancli.ticks",
    "Extractor": "gancli.extractors",
    "Field": "pydantic",
    "Game": "gancli.game",
    "GanError": "gancli.errors",
    "Generated": "gancli.metrics",
    "Images": "gancli.data.base",
    "Logger": "gancli.loggers",
    "Loss": "gancli.losses",
    "Metric": "gancli.metrics",
    "Move": "gancli.losses",
    "Networks": "gancli.architectures",
    "Records": "gancli.data.records",
    "Reference": "gancli.metrics",
    "Sampling": "gancli.sampling",
    "Spec": "gancli.data.base",
    "Tick": "gancli.ticks",
    "Trainer": "gancli.trainer",
    "Translator": "gancli.architectures.translator",
    "Truncation": "gancli.sampling",
    "UsageError": "gancli.errors",
    "hookimpl": "gancli.hookspecs",
    "register": "gancli.plugins",
}

__all__ = [
    "API_VERSION",
    "Add",
    "AdversarialLoss",
    "Architecture",
    "Dataset",
    "Draw",
    "Event",
    "Extractor",
    "Field",
    "Game",
    "GanError",
    "Generated",
    "Images",
    "Logger",
    "Loss",
    "Metric",
    "Move",
    "Networks",
    "Records",
    "Reference",
    "Sampling",
    "Spec",
    "Tick",
    "Trainer",
    "Translator",
    "Truncation",
    "UsageError",
    "hookimpl",
    "register",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gancli' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

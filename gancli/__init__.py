"""Train GANs from the terminal. What plugin authors need is here, and imported only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import Field

    from gancli.architectures.contract import Architecture, Networks
    from gancli.architectures.sampling import Draw, Sampling, Truncation
    from gancli.architectures.translator import Translator
    from gancli.base.errors import GanError, UsageError
    from gancli.data.dataset import Dataset
    from gancli.data.images import Images, Spec
    from gancli.data.records import Records
    from gancli.extractors.contract import Extractor
    from gancli.game.game import Game, Move
    from gancli.loggers.contract import Logger
    from gancli.losses.adversarial import AdversarialLoss
    from gancli.losses.contract import Loss
    from gancli.metrics.contract import Generated, Metric, Reference
    from gancli.plugins.hooks import API_VERSION, Add, hookimpl
    from gancli.plugins.registry import register
    from gancli.telemetry.ticks import Event, Tick
    from gancli.training.trainer import Trainer

_HOMES = {
    "API_VERSION": "gancli.plugins.hooks",
    "Add": "gancli.plugins.hooks",
    "AdversarialLoss": "gancli.losses.adversarial",
    "Architecture": "gancli.architectures.contract",
    "Dataset": "gancli.data.dataset",
    "Draw": "gancli.architectures.sampling",
    "Event": "gancli.telemetry.ticks",
    "Extractor": "gancli.extractors.contract",
    "Field": "pydantic",
    "Game": "gancli.game.game",
    "GanError": "gancli.base.errors",
    "Generated": "gancli.metrics.contract",
    "Images": "gancli.data.images",
    "Logger": "gancli.loggers.contract",
    "Loss": "gancli.losses.contract",
    "Metric": "gancli.metrics.contract",
    "Move": "gancli.game.game",
    "Networks": "gancli.architectures.contract",
    "Records": "gancli.data.records",
    "Reference": "gancli.metrics.contract",
    "Sampling": "gancli.architectures.sampling",
    "Spec": "gancli.data.images",
    "Tick": "gancli.telemetry.ticks",
    "Trainer": "gancli.training.trainer",
    "Translator": "gancli.architectures.translator",
    "Truncation": "gancli.architectures.sampling",
    "UsageError": "gancli.base.errors",
    "hookimpl": "gancli.plugins.hooks",
    "register": "gancli.plugins.registry",
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

"""Settings in variables of the environment, such as GAN_LOSS__WEIGHT and GAN_BATCH_SIZE."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from gancli.base.text import clean
from gancli.config.config import Config
from gancli.config.parts import SHORT

PREFIX = "GAN_"
ELSEWHERE = frozenset({"GAN_CACHE", "GAN_DISABLE_PLUGINS", "GAN_RUNS", "GAN_TRACEBACK"})
"""Variables that are not settings, and are read where they are needed."""


def read_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """The layer in the variables; one that is not a setting may belong to another tool, and is noted."""
    variables = {key_of(name): name for name in environment if name.startswith(PREFIX) and name not in ELSEWHERE}
    values = {key: environment[name] for key, name in variables.items()}
    return Config("environment", values, variables, unknown="note")


def key_of(variable: str) -> str:
    """The setting that a variable stands for, by dotted name."""
    key = variable.removeprefix(PREFIX).lower().replace("__", ".")
    return SHORT.get(key, key)


def unknown_variable(variable: str, keys: Iterable[str]) -> str:
    """A note on a variable that is not a setting, with the most similar one that is."""
    variables = [f"{PREFIX}{key.upper().replace('.', '__')}" for key in keys]
    near = get_close_matches(variable, variables, n=1, cutoff=0.85)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{clean(variable)} is no setting here{hint}"

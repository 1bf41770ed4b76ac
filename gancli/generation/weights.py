"""Weights of networks, held against a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture
from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.images import Spec


def outline(arch: Architecture, spec: Spec, conditional: bool) -> dict[str, dict[str, torch.Size]]:
    """The shapes of all tensors of an architecture's networks, without the memory that the networks take.

    One whose `build` reads values of its tensors is built in full.
    """
    try:
        with torch.device("meta"):
            networks = arch.build(spec, conditional)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        if "meta" not in str(error).lower():
            raise
        networks = arch.build(spec, conditional)
    return {
        name: {key: tensor.shape for key, tensor in module.state_dict().items()} for name, module in networks.items()
    }


def load_state(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Fill a network with tensors read from a checkpoint; raises GanError where they do not fit."""
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise GanError(
            f"{clean(path)} does not fit the architecture that its header names.", "Was its plugin changed since?"
        ) from error

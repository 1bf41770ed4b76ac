"""The players of a game: each with its networks, its optimiser, and the schedule of its rate."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.config.settings import Optim

ENTRIES = {"adam": {"step", "exp_avg", "exp_avg_sq"}, "rmsprop": {"step", "square_avg"}, "sgd": set[str]()}
"""What each optimiser remembers of a parameter, as tensors."""


class Player:
    """One side of the game: `move` takes one step of its optimiser down an objective.

    Its `parameters` are those of its networks that require gradients as it is made, by the first of their names.
    """

    def __init__(self, name: str, networks: Mapping[str, nn.Module], optim: Optim, *, judges: bool = False) -> None:
        self.name = name
        self.networks = dict(networks)
        names = _names(networks)
        self.parameters = {keys[0]: parameter for parameter, keys in names.items() if parameter.requires_grad}
        self._aliases = {key for keys in names.values() for key in keys[1:]}
        self.rate = optim.d_lr if judges and optim.d_lr else optim.lr
        self._entries = ENTRIES[optim.algorithm]
        self.optimizer = _optimizer(optim, list(self.parameters.values()), self.rate)
        self.clip = optim.clip
        self.gradient = torch.zeros(())
        """The norm of the last move's gradient before it was clipped, on the device."""

    def move(self, objective: Tensor, factor: float) -> None:
        """Minimise the objective by one step at `factor` of the rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * factor
        self.optimizer.zero_grad(set_to_none=True)
        # Only this player's parameters get gradients: nobody else's are touched, and none are computed in vain.
        inputs = [parameter for parameter in self.parameters.values() if parameter.requires_grad]
        torch.autograd.backward(objective, inputs=inputs)
        self.gradient = get_total_norm(
            parameter.grad for parameter in self.parameters.values() if parameter.grad is not None
        )
        if self.clip:
            clip_grads_with_norm_(self.parameters.values(), self.clip, self.gradient)
        self.optimizer.step()

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's state, `parameter/entry` to tensor."""
        state = self.optimizer.state
        return {
            f"{key}/{entry}": value
            for key, parameter in self.parameters.items()
            for entry, value in state.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `tensors` gave; raises GanError where it is not for these parameters and this optimiser."""
        by_key: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            key, _, entry = name.rpartition("/")
            if key not in self._aliases:
                by_key.setdefault(key, {})[entry] = tensor
        # A parameter that no objective has reached yet, as of a head that this loss leaves alone, has no state.
        for key, state in by_key.items():
            if key not in self.parameters or state.keys() != self._entries:
                raise GanError(f"The checkpoint's optimiser is not that of player {self.name}: {clean(key)[:80]}.")
        numbers = {key: number for number, key in enumerate(self.parameters)}
        document = self.optimizer.state_dict()
        document["state"] = {numbers[key]: state for key, state in by_key.items()}
        self.optimizer.load_state_dict(document)
        for parameter, state in self.optimizer.state.items():
            state.update({entry: _laid_out(value, parameter) for entry, value in state.items()})


def _names(networks: Mapping[str, nn.Module]) -> dict[nn.Parameter, list[str]]:
    """The parameters of some networks, each once, with all its names: `G.first.weight`, as in a checkpoint."""
    names: dict[nn.Parameter, list[str]] = {}
    for network, module in networks.items():
        for key, parameter in module.named_parameters(remove_duplicate=False):
            names.setdefault(parameter, []).append(f"{network}.{key}")
    return names


def _laid_out(value: Any, parameter: Tensor) -> Any:
    """A restored entry in the memory layout of its parameter: fused optimisers read both side by side."""
    if not isinstance(value, Tensor) or value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def _optimizer(optim: Optim, parameters: Iterable[Tensor], rate: float) -> torch.optim.Optimizer:
    if optim.algorithm == "adam":
        return torch.optim.Adam(parameters, lr=rate, betas=optim.betas, fused=True)
    if optim.algorithm == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate)
    return torch.optim.SGD(parameters, lr=rate)


def rate_factor(decay: str, images: int, horizon: int | None) -> float:
    """The share of the full rate after so many images; 1 where no horizon is known yet."""
    if decay == "none" or not horizon:
        return 1.0
    progress = min(images / horizon, 1.0)
    return 1.0 - progress if decay == "linear" else 0.5 * (1.0 + math.cos(math.pi * progress))


def state_tensors(prefix: str, networks: Mapping[str, nn.Module], suffix: str = "") -> dict[str, Any]:
    """All tensors of some networks, named `G.first.weight` as in a checkpoint."""
    return {
        f"{prefix}{name}{suffix}.{key}": tensor
        for name, module in networks.items()
        for key, tensor in module.state_dict().items()
    }

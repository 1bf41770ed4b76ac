"""A network as a step of a loss uses it."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn


class Network:
    """A network as a step should use it: called, and its methods called, in the run's precision; results in float32.

    What it is given first goes through `augment`; `dealt` are the real images of the step.
    """

    def __init__(
        self,
        module: nn.Module,
        device: torch.device,
        dtype: torch.dtype,
        augment: Callable[[Tensor], Tensor] | None = None,
        dealt: Collection[Tensor] = (),
    ) -> None:
        self.module, self._device, self._dtype, self._augment, self._dealt = module, device, dtype, augment, dealt
        self.last: Tensor | None = None
        """What it made last, for whoever measures at a tick."""
        self.real: tuple[Any, ...] | None = None
        """What it was given when it last saw real images."""

    def __call__(self, *args: Any) -> Any:
        result = self._run(self.module, *args)
        self.last = result.detach() if isinstance(result, Tensor) else None
        return result

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        return self._bound(value) if callable(value) and not isinstance(value, nn.Module) else value

    def _bound(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(*args: Any, **options: Any) -> Any:
            return self._run(method, *args, **options)

        return run

    def _run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if any(x is args[0] for x in self._dealt if args):
            self.real = (*args, None)[:2]
        if self._augment and args and isinstance(args[0], Tensor):
            args = (self._augment(args[0]), *args[1:])
        if self._dtype is torch.float32:
            return function(*args, **options)
        with torch.autocast(self._device.type, self._dtype):
            return _float32(function(*args, **options))


def _float32(result: Any) -> Any:
    if isinstance(result, Tensor) and result.is_floating_point():
        return result.float()
    if isinstance(result, tuple | list):
        return type(result)(_float32(part) for part in result)
    return result

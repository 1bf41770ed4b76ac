"""A network as a step of a loss uses it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

BeforeCall = Callable[[Tensor, Any], Tensor]


class Network:
    """A network as a step should use it: called, and its own methods called, in the run's precision; results float32.

    Its own are the methods that its class defines; those that every nn.Module has (`parameters`, `train`, `to`) are
    called as they are. `before_call` takes images and the next argument, and returns the images that the network sees.
    """

    def __init__(
        self, module: nn.Module, device: torch.device, dtype: torch.dtype, before_call: BeforeCall | None = None
    ) -> None:
        self.module, self._device, self._dtype, self._before_call = module, device, dtype, before_call
        self.last: Tensor | None = None
        """Its last result, detached: what statistics are measured of at a tick; None where that is no tensor."""

    def __call__(self, *args: Any) -> Any:
        result = self._run(self.module, *args)
        self.last = result.detach() if isinstance(result, Tensor) else None
        return result

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.module, name)
        return self._bound(value) if self._is_own_method(name, value) else value

    def _is_own_method(self, name: str, value: Any) -> bool:
        """Whether it is callable, and neither a part of the network nor what nn.Module gives to every one."""
        if not callable(value) or isinstance(value, nn.Module):
            return False
        inherited = getattr(nn.Module, name, None)
        return inherited is None or getattr(type(self.module), name, None) is not inherited

    def _bound(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(*args: Any, **options: Any) -> Any:
            return self._run(method, *args, **options)

        return run

    def _run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if self._before_call and args and isinstance(args[0], Tensor):
            args = (self._before_call(args[0], args[1] if len(args) > 1 else None), *args[1:])
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

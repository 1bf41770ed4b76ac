"""Catches steps that wait for the host: every read of a tensor's value raises Broken at its place, on a CPU too."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_stack
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gancli.game.game import Move
from gancli.testing.contract import Broken
from gancli.training.trainer import Trainer

READS = {getattr(Tensor, name): name for name in ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__")}
WAITS = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal", "aten::_unique2"}
OURS = (str(Path(__file__).parent), str(Path(torch.__file__).parent))


class Reads(TorchFunctionMode):
    """Refuses methods of tensors that read values."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in READS:
            raise _waits(READS[function])
        return function(*args, **(kwargs or {}))


class Waits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses operations whose result depends on values in its size, or is a number."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.name().partition(".")[0]
        masked = name.startswith("aten::index") and any(map(_is_mask, _flat(args[1:])))
        if name in WAITS or masked:
            raise _waits(f"{name} by a mask" if masked else name)
        return function(*args, **(kwargs or {}))


@contextmanager
def no_reads() -> Iterator[None]:
    """Inside, reading a tensor's value raises Broken."""
    with Reads(), Waits():  # type: ignore[no-untyped-call]
        yield


def _flat(args: Any) -> Iterator[Any]:
    for argument in args:
        yield from argument if isinstance(argument, list | tuple) else [argument]


def _is_mask(index: Any) -> bool:
    return isinstance(index, Tensor) and index.dtype is torch.bool


def _waits(read: str) -> Broken:
    frame = next((frame for frame in reversed(extract_stack()) if not frame.filename.startswith(OURS)), None)
    where = f"{frame.filename}:{frame.lineno}, in {frame.name}" if frame else "an unknown place"
    return Broken(f"The step reads a tensor on the host: {read} ({where}). Use torch.where, or leave it a tensor.")


@contextmanager
def watched(training: Trainer) -> Iterator[None]:
    """Inside, the loss and the networks that it calls raise Broken where they read a tensor's value in a step."""
    wrappers = training.stepper.wrappers
    wrappers.append(_watched)
    try:
        yield
    finally:
        wrappers.remove(_watched)


def _watched(moves: Iterator[Move]) -> Iterator[Move]:
    while True:
        with no_reads():
            move = next(moves, None)
        if move is None:
            return
        yield move

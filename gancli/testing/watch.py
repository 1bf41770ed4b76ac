"""Whether a step waits for the host: every read of a tensor's value is caught where it happens, on a CPU too."""

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
        masked = name.startswith("aten::index") and any(_is_mask(each) for each in _flat(args[1:]))
        if name in WAITS or masked:
            raise _waits(f"{name} by a mask" if masked else name)
        return function(*args, **(kwargs or {}))


@contextmanager
def no_reads() -> Iterator[None]:
    """Raise Broken wherever a tensor's value is read."""
    with Reads(), Waits():  # type: ignore[no-untyped-call]
        yield


def _flat(args: Any) -> Iterator[Any]:
    for each in args:
        yield from each if isinstance(each, list | tuple) else [each]


def _is_mask(index: Any) -> bool:
    return isinstance(index, Tensor) and index.dtype is torch.bool


def _waits(read: str) -> Broken:
    place = next((f for f in reversed(extract_stack()) if not f.filename.startswith(OURS)), None)
    where = f"{place.filename}:{place.lineno}, in {place.name}" if place else "an unknown place"
    return Broken(f"The step reads a tensor on the host: {read} ({where}). Use torch.where, or leave it a tensor.")


@contextmanager
def watched(training: Trainer) -> Iterator[None]:
    """Watch the code of the loss, and of the networks that it calls, while the trainer trains."""
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

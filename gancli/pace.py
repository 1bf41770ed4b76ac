"""When things are due, and how the process computes meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from gancli.settings import Every


class Pace:
    """Cadences by name, each in steps or in seconds of training, from where a run begins or resumes."""

    def __init__(self, cadences: Mapping[str, Every], step: int, seconds: float) -> None:
        self._cadences = dict(cadences)
        self._last = dict.fromkeys(cadences, (step, seconds))

    def due(self, step: int, seconds: float) -> set[str]:
        """The names whose time has come; for these the next round begins."""
        names = {name for name, every in self._cadences.items() if _come(every, self._last[name], step, seconds)}
        self._last.update(dict.fromkeys(names, (step, seconds)))
        return names


def _come(every: Every, last: tuple[int, float], step: int, seconds: float) -> bool:
    by_steps = bool(every.steps) and step - last[0] >= every.steps
    return by_steps or (bool(every.seconds) and seconds - last[1] >= every.seconds)


@contextmanager
def fast_kernels() -> Iterator[None]:
    """TF32 matrix products and autotuned convolutions, and the process's own settings afterwards."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.benchmark = before[1]

"""Statistics of a training, collected on the device."""

import torch
from torch import Tensor


class Statistics:
    """Means collected on the device; nothing is read until `take`."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    @torch.no_grad()
    def add(self, name: str, value: Tensor) -> None:
        """Count the mean of a value."""
        mean = value.detach().float().mean()
        self._sums[name] = self._sums[name] + mean if name in self._sums else mean
        self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means since the last take, in one transfer."""
        if not self._sums:
            return {}
        sums = torch.stack(list(self._sums.values())).tolist()
        means = {name: total / self._counts[name] for name, total in zip(self._sums, sums, strict=True)}
        self._sums, self._counts = {}, {}
        return means

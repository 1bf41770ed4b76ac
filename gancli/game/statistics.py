"""Statistics of a training, collected where they are computed."""

import torch
from torch import Tensor


class Statistics:
    """Means collected on the device of each value; nothing is read until `take`."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    @torch.no_grad()
    def add(self, name: str, value: Tensor | float) -> None:
        """Count the mean of a value: a tensor on any device, or a number."""
        mean = torch.as_tensor(value).detach().float().mean()
        self._sums[name] = self._sums[name] + mean if name in self._sums else mean
        self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means since the last take, in one transfer from each device."""
        sums: dict[str, float] = {}
        for device in dict.fromkeys(total.device for total in self._sums.values()):
            there = {name: total for name, total in self._sums.items() if total.device == device}
            sums |= zip(there, torch.stack(list(there.values())).tolist(), strict=True)
        means = {name: sums[name] / count for name, count in self._counts.items()}
        self._sums, self._counts = {}, {}
        return means

"""The game as a loss sees it: batches, noise, the networks ready to call, and a place to report to."""

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from gancli.architectures import Architecture
from gancli.data.stream import Source
from gancli.inputs import inputs

SCORES = frozenset({"real", "fake", "fake_after"})


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


class Game:
    """What `Loss.step` plays with; the networks are attributes by their names: `game.G(z, y)`, `game.D(x, y)`.

    `judges` are the networks whose images are augmented; `dealt` are the batches of the step under way, which is number
    `step`, counted from 0.
    """

    def __init__(
        self,
        arch: Architecture,
        networks: Mapping[str, nn.Module],
        source: Source,
        *,
        judges: Collection[str],
        augment: Callable[[Tensor], Tensor],
        conditional: bool,
        batch_size: int,
        dtype: torch.dtype,
        probabilities: bool,
        generator: torch.Generator,
    ) -> None:
        self.arch, self.source, self.conditional, self.batch_size = arch, source, conditional, batch_size
        self.judges, self.dealt = judges, list[Tensor]()
        self.networks = {
            name: Network(module, source.device, dtype, augment if name in judges else None, self.dealt)
            for name, module in networks.items()
        }
        self.generator, self.statistics, self._probabilities = generator, Statistics(), probabilities
        self.inputs = inputs(arch, source.images)
        self.states: dict[str, Tensor] = {}
        self.images, self.step = 0, 0

    def __getattr__(self, name: str) -> Network:
        networks = self.__dict__.get("networks", {})
        if name not in networks:
            raise AttributeError(f"the game has no network '{name}', only {', '.join(networks)}")
        return networks[name]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the data's classes."""
        return self.source.images.classes

    def batch(self, only: str | None = None) -> tuple[Tensor, Tensor | None]:
        """Real images (N, C, H, W) in [-1, 1] and their classes (None when unconditional), always a full batch."""
        x, y = self.source.batch(self.batch_size, only)
        self.images += len(x)
        self.dealt.append(x)
        return x, y if self.conditional else None

    def noise(self, n: int) -> Tensor:
        """n fresh latents of the architecture; images of the data where it makes images of those."""
        return self.inputs.fresh(n, self.generator, self.source)

    def gradient(self, x: Tensor, y: Tensor | None, network: str = "D") -> Tensor:
        """The gradient of the network's scores with respect to x, like x: float32, twice differentiable."""
        with torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
            x = x.detach().float().requires_grad_()
            scores = self.networks[network].module(x, y)
            return torch.autograd.grad(scores.sum(), x, create_graph=True)[0]

    def state(self, name: str, initial: float | Tensor) -> Tensor:
        """A tensor on the device that is saved with the weights; change it in place, under `torch.no_grad`."""
        if name not in self.states:
            self.states[name] = torch.as_tensor(initial, dtype=torch.float32).to(self.source.device, copy=True)
        return self.states[name]

    def report(self, **values: Tensor) -> None:
        """Count values among the statistics, by name; `real`, `fake` and `fake_after` are D's scores."""
        for name, value in values.items():
            shown = value.detach().sigmoid() if name in SCORES and self._probabilities else value
            self.statistics.add(name, shown)

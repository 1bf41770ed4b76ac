"""The game as a loss sees it: batches, noise, the networks ready to call, and a place to report to."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture
from gancli.architectures.inputs import inputs_of
from gancli.base.errors import UsageError
from gancli.data.stream import Source
from gancli.game.network import BeforeCall, Network
from gancli.game.statistics import Statistics

SCORES = frozenset({"real", "fake", "fake_after"})
Move = tuple[str, Tensor]


class Game:
    """What `Loss.step` plays with; the networks are attributes by their names: `game.G(z, y)`, `game.D(x, y)`.

    `judges` are the networks that score images, by player: what they see is augmented. `judged` are the real images
    and classes that each of them was last scored on in the step under way, which is number `step`, counted from 0.
    """

    def __init__(
        self,
        arch: Architecture,
        networks: Mapping[str, nn.Module],
        source: Source,
        *,
        judges: Mapping[str, tuple[str, ...]],
        augment: Callable[[Tensor], Tensor],
        conditional: bool,
        batch_size: int,
        dtype: torch.dtype,
        probabilities: bool,
        generator: torch.Generator,
    ) -> None:
        self.arch, self.source, self.conditional, self.batch_size = arch, source, conditional, batch_size
        self.judges, self._augment = judges, augment
        self.generator, self.statistics, self._probabilities = generator, Statistics(), probabilities
        self.inputs = inputs_of(arch, source.images)
        self.states: dict[str, Tensor] = {}
        self.images, self.step = 0, 0
        self.judged: dict[str, tuple[Tensor, Any]] = {}
        self._batches: list[Tensor] = []
        self.networks = {
            name: Network(module, source.device, dtype, self._before_call_of(name)) for name, module in networks.items()
        }
        if taken := [name for name in networks if name in vars(self) or hasattr(type(self), name)]:
            raise UsageError(
                f"Architecture {arch.name} calls a network '{taken[0]}', which is a word of the game itself.",
                "Give the network another name.",
            )

    def begin(self, step: int) -> None:
        """Forget the images of the step before: this is number `step`."""
        self.step = step
        self.judged.clear()
        self._batches.clear()

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
        self._batches.append(x)
        return x, y if self.conditional else None

    def noise(self, n: int) -> Tensor:
        """n fresh latents of the architecture; images of the data where it makes images of those."""
        return self.inputs.fresh(n, self.generator, self.source)

    def real(self, x: Tensor, y: Tensor | None = None, network: str | None = None) -> Tensor:
        """Note real images (N, C, H, W) and their classes as what a judge is scored on; returns the images.

        R1 is taken at them. The images of `batch()`, and slices of them, are noted when a judge is called with them;
        only what a loss makes of them (resized, cast, put together with generated ones) it has to note itself:
        `game.D(game.real(smaller(x), y), y)`. Without `network` it is the first judge.
        """
        self.judged[network or self._first_judge()] = x, y
        return x

    def gradient(self, x: Tensor, y: Tensor | None, network: str | None = None) -> Tensor:
        """The gradient of a network's scores with respect to x, like x: float32, twice differentiable.

        Without `network` it is the first judge. Images are not augmented.
        """
        with torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
            x = x.detach().float().requires_grad_()
            scores = self.networks[network or self._first_judge()].module(x, y)
            return torch.autograd.grad(scores.sum(), x, create_graph=True)[0]

    def state(self, name: str, initial: float | Tensor) -> Tensor:
        """A tensor on the device that is saved with the weights; change it in place, under `torch.no_grad`."""
        if name not in self.states:
            self.states[name] = torch.as_tensor(initial, dtype=torch.float32).to(self.source.device, copy=True)
        return self.states[name]

    def report(self, **values: Tensor | float) -> None:
        """Count values among the statistics, by name; `real`, `fake` and `fake_after` are a judge's scores.

        A tensor counts by its mean, and may be on any device; numbers count as they are.
        """
        for name, value in values.items():
            score = name in SCORES and self._probabilities
            self.statistics.add(name, torch.as_tensor(value).detach().sigmoid() if score else value)

    def recorded(self, moves: Iterator[Move]) -> Iterator[Move]:
        """The same moves; each objective is counted among the statistics as `loss_` and the player's name."""
        for player, objective in moves:
            self.statistics.add(f"loss_{player}", objective)
            yield player, objective

    def _first_judge(self) -> str:
        """The first network that judges; raises UsageError where there is none."""
        for names in self.judges.values():
            return names[0]
        raise UsageError("The loss has no player that judges.", "Declare one: judges = ('D',).")

    def _before_call_of(self, name: str) -> BeforeCall | None:
        """For a network that judges: notes the real images that it is scored on, and augments all; None for others."""
        judges = {network for names in self.judges.values() for network in names}
        return partial(self._show, name) if name in judges else None

    def _show(self, judge: str, x: Tensor, y: Any) -> Tensor:
        # By their memory: a slice, or a detached view, of real images is real images too.
        if any(_storage(x) == _storage(batch) for batch in self._batches):
            self.judged[judge] = x, y
        return self._augment(x)


def _storage(x: Tensor) -> int:
    """The address of the memory that a tensor is a view of."""
    return x.untyped_storage().data_ptr()

"""The game as a loss sees it: batches, noise, the networks ready to call, and a place to report to."""

from collections.abc import Callable, Collection, Mapping

import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture
from gancli.architectures.inputs import inputs_of
from gancli.data.stream import Source
from gancli.game.network import Network
from gancli.game.statistics import Statistics

SCORES = frozenset({"real", "fake", "fake_after"})


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
        self.inputs = inputs_of(arch, source.images)
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


Move = tuple[str, Tensor]

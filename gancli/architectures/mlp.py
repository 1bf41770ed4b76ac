"""The GAN of 2014: two fully connected networks (1406.2661)."""

from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from gancli.architectures.contract import Architecture, Networks
from gancli.architectures.layers import ConditionalBatchNorm, Projection, spectral
from gancli.base.moved import keep_old_names
from gancli.data.images import Spec


class FullyConnected(Architecture):
    """The base of architectures with a fully connected D: its options, and how it is built."""

    suggests: ClassVar = {"optim.lr": 4e-4}
    mixes_classes: ClassVar = True

    d_units: int = Field(512, ge=2, le=16384, description="Units of D's first layer; the second has half.")
    d_dropout: float = Field(0.3, ge=0, lt=1, description="Share of D's units dropped while training.")
    d_norm: Literal["layer", "spectral", "none"] = Field("none", description="Normalisation in D.")

    def discriminator(self, spec: Spec, classes: int) -> nn.Module:
        """D for images of any size; `classes` is 0 if unconditional."""
        network = MLPDiscriminator(self, spec, classes)
        if self.d_norm == "spectral":
            spectral(network)
        return network


class MLP(FullyConnected):
    """Fully connected networks of any image size; given classes, G has conditional batch normalisation (1707.00683)
    and D a projection (1802.05637)."""

    units: int = Field(256, ge=1, le=16384, description="Units of G's first layer; each of the next two doubles it.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D for any size."""
        classes = len(spec.classes) if conditional else 0
        return {"G": MLPGenerator(self, spec, classes), "D": self.discriminator(spec, classes)}


class Hidden(nn.Module):
    """A linear layer, batch normalisation (conditional if there are classes), and ReLU."""

    def __init__(self, inputs: int, outputs: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = ConditionalBatchNorm(outputs, classes, nn.BatchNorm1d) if classes else nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(N, inputs) to (N, outputs)."""
        x = self.linear(x)
        x = self.norm(x) if y is None else self.norm(x, y)
        return x.relu()


class MLPGenerator(nn.Module):
    """Latent to image through three hidden layers, each twice as wide as the one before."""

    def __init__(self, options: MLP, spec: Spec, classes: int) -> None:
        super().__init__()
        self.shape = spec.shape
        widths = [options.latent, options.units, 2 * options.units, 4 * options.units]
        self.hidden = nn.ModuleList(Hidden(inputs, outputs, classes) for inputs, outputs in pairwise(widths))
        self.last = nn.Linear(widths[-1], spec.channels * spec.height * spec.width)

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""
        for layer in self.hidden:
            z = layer(z, y)
        images: Tensor = self.last(z)
        return images.tanh().view(-1, *self.shape)


class MLPDiscriminator(nn.Module):
    """Image to raw score through two hidden layers; a class adds its projection of the second (1802.05637)."""

    def __init__(self, options: FullyConnected, spec: Spec, classes: int) -> None:
        super().__init__()
        pixels, units = spec.channels * spec.height * spec.width, options.d_units
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in ((pixels, units), (units, units // 2)):
            norm = [nn.LayerNorm(outputs)] if options.d_norm == "layer" else []
            layers += [nn.Linear(inputs, outputs), *norm, nn.LeakyReLU(0.2, inplace=True)]
            layers += [nn.Dropout(options.d_dropout)]
        self.features = nn.Sequential(*layers)
        self.score = nn.Linear(units // 2, 1)
        self.projection = Projection(units // 2, classes) if classes else None

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        features: Tensor = self.features(x)
        score: Tensor = self.score(features).squeeze(1)
        return score if self.projection is None or y is None else score + self.projection(features, y)


keep_old_names(globals())

"""DCGAN: strided convolutions with batch normalisation, at any size of k·2^n (1511.06434)."""

from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from gancli.architectures.contract import Architecture, Networks
from gancli.architectures.layers import ConditionalBatchNorm, Projection, dcgan_weights, norm2d, pyramid, spectral
from gancli.base.moved import keep_old_names
from gancli.data.images import Spec


class DCGAN(Architecture):
    """Convolutional networks whose channels double as the size halves; given classes, G has conditional
    batch normalisation (1707.00683) and D a projection (1802.05637). D has the modules `features`, images to
    (N, C, H, W), and `score`, which is linear in them; subclasses may add others on the same features."""

    # The paper has rate 2e-4, first beta 0.5 and batch normalisation in D. With an averaged generator a higher rate
    # learns more in the same time, and without momentum more modes are kept. With R1 alone D keeps giving G a gradient;
    # with spectral normalisation it stops learning on photographs at this rate.
    suggests: ClassVar = {"optim.lr": 1e-3, "optim.betas": (0.0, 0.9), "optim.r1": 10.0}
    mixes_classes: ClassVar = True

    width: int = Field(64, ge=1, le=4096, description="Channels next to the image, in G and in D.")
    d_norm: Literal["batch", "layer", "instance", "spectral", "none"] = Field("none", description="Normalisation in D.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D; sides must be k·2^n, k in 4..7 for the shorter one."""
        pyramid(spec, self.name)
        classes = len(spec.classes) if conditional else 0
        networks: Networks = {"G": DCGANGenerator(self, spec, classes), "D": DCGANDiscriminator(self, spec, classes)}
        for network in networks.values():
            network.apply(dcgan_weights)
        if self.d_norm == "spectral":
            spectral(networks["D"])
        return networks


class UpConvolution(nn.Module):
    """Doubles the size: transposed convolution, normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        self.norm = ConditionalBatchNorm(outputs, classes) if classes else nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, 2H, 2W)."""
        x = self.conv(x)
        x = self.norm(x) if y is None else self.norm(x, y)
        return self.relu(x)


class DCGANGenerator(nn.Module):
    """Latent to image: a linear layer to the smallest size, then one `UpConvolution` a stage, tanh at the end."""

    def __init__(self, options: DCGAN, spec: Spec, classes: int) -> None:
        super().__init__()
        n, self.start = pyramid(spec, options.name)
        widths = [options.width * 2**i for i in reversed(range(n))]
        # On a single pixel the paper's first transposed convolution is a linear layer, and allows any shape.
        self.first = nn.Linear(options.latent, widths[0] * self.start[0] * self.start[1], bias=False)
        self.norm = ConditionalBatchNorm(widths[0], classes) if classes else nn.BatchNorm2d(widths[0])
        self.stages = nn.ModuleList(UpConvolution(a, b, classes) for a, b in pairwise(widths))
        self.last = nn.ConvTranspose2d(widths[-1], spec.channels, 4, 2, 1)

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""
        x = self.first(z).unflatten(1, (-1, *self.start))
        x = (self.norm(x) if y is None else self.norm(x, y)).relu()
        for stage in self.stages:
            x = stage(x, y)
        image: Tensor = self.last(x)
        return image.tanh()


class DCGANDiscriminator(nn.Module):
    """Image to raw score: one strided convolution a stage, then a linear layer; no normalisation in the first."""

    def __init__(self, options: DCGAN, spec: Spec, classes: int) -> None:
        super().__init__()
        n, (height, width) = pyramid(spec, options.name)
        # Halved until the shorter side is at most 4, so that the last layer scores the whole image, not a sum of parts.
        further = (min(height, width) - 1) // 4
        height, width = height >> further, width >> further
        widths = [options.width * 2**i for i in range(n + further)]
        norm = "none" if options.d_norm == "spectral" else options.d_norm
        layers: list[nn.Module] = [nn.Conv2d(spec.channels, widths[0], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for inputs, outputs in pairwise(widths):
            convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=norm == "none")
            layers += [convolution, norm2d(norm, outputs), nn.LeakyReLU(0.2, inplace=True)]
        self.features = nn.Sequential(*layers)
        self.score = nn.Linear(widths[-1] * height * width, 1)
        self.projection = Projection(widths[-1], classes) if classes else None

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        features: Tensor = self.features(x)
        score: Tensor = self.score(features.flatten(1)).squeeze(1)
        if self.projection is None or y is None:
            return score
        return score + self.projection(features.sum((2, 3)), y)


keep_old_names(globals())

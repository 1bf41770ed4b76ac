"""Layers that several architectures share: sizes, conditional batch normalisation, projection, initialisation."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gancli.base.errors import UsageError
from gancli.data.fields import size_text
from gancli.data.images import Spec


def stages(side: int) -> int:
    """The number of halvings n of a side of k·2^n pixels, k in 4..7."""
    return (side // 4).bit_length() - 1


def pyramid(spec: Spec, name: str) -> tuple[int, tuple[int, int]]:
    """The number of halvings n and the (height, width) after them; raises UsageError that names the nearest sizes."""
    n = stages(min(spec.height, spec.width))
    unit = 2 ** max(n, 1)
    if n < 1 or spec.height % unit or spec.width % unit:
        raise UsageError(
            f"Architecture {name} cannot make images of {spec.height}x{spec.width}.",
            f"The nearest sizes are {' and '.join(_nearest(spec))}: give --size.",
        )
    return n, (spec.height // unit, spec.width // unit)


def _nearest(spec: Spec) -> list[str]:
    """The sizes just below and just above that a pyramid can make."""
    unit = 2 ** max(stages(min(spec.height, spec.width)), 1)
    below = [max(8, side // unit * unit) for side in (spec.height, spec.width)]
    above = [max(8, -(-side // unit) * unit) for side in (spec.height, spec.width)]
    return list(dict.fromkeys(size_text((height, width)) for height, width in (below, above)))


class ClassVectors(nn.Embedding):
    """A vector for each class; y is class numbers (N,), or shares of the classes (N, classes)."""

    def forward(self, y: Tensor) -> Tensor:
        """Vectors (N, features)."""
        return y.to(self.weight.dtype) @ self.weight if y.is_floating_point() else super().forward(y)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose scale and shift depend on the class (1707.00683)."""

    def __init__(self, features: int, classes: int, norm: type[nn.Module] = nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm(features, affine=False)
        self.scale = ClassVectors(classes, features)
        self.shift = ClassVectors(classes, features)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features (N, features, ...), normalised, then scaled and shifted for classes y."""
        shape = (len(x), -1, *[1] * (x.dim() - 2))
        normal: Tensor = self.norm(x)
        return normal * self.scale(y).view(shape) + self.shift(y).view(shape)


class Projection(nn.Module):
    """The term that the class adds to a score: the inner product of its vector with the features (1802.05637)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.vectors = ClassVectors(classes, features)
        # Small: the N(0, 1) of an embedding would be far larger than the score of the image itself.
        nn.init.normal_(self.vectors.weight, 0.0, features**-0.5)

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """Scores (N,) of features (N, features) for classes y."""
        vectors: Tensor = self.vectors(y)
        return (vectors * features).sum(1)


def norm2d(kind: str, features: int) -> nn.Module:
    """The normalisation layer of a name: batch, layer (over channels and pixels), instance, or none."""
    makers: dict[str, Callable[[], nn.Module]] = {
        "batch": lambda: nn.BatchNorm2d(features),
        "layer": lambda: nn.GroupNorm(1, features),
        "instance": lambda: nn.InstanceNorm2d(features, affine=True),
        "none": nn.Identity,
    }
    return makers[kind]()


def spectral(network: nn.Module) -> None:
    """Divide every weight of a network by its largest singular value, at each pass (1802.05957)."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
            spectral_norm(module)


def dcgan_weights(module: nn.Module) -> None:
    """Initialise as in DCGAN, for `module.apply`: N(0, 0.02), scales of batch normalisation N(1, 0.02) (1511.06434)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | ClassVectors):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
    if isinstance(module, ConditionalBatchNorm):
        nn.init.normal_(module.scale.weight, 1.0, 0.02)
        nn.init.zeros_(module.shift.weight)

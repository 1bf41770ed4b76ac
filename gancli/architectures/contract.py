"""The contract of architectures: options that build named networks for an image spec, and generate with them."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli.architectures import latents
from gancli.architectures.sampling import Sampling, Truncation
from gancli.base.errors import UsageError
from gancli.base.options import Chosen
from gancli.data.images import Spec

Networks = dict[str, nn.Module]


class Architecture(Chosen):
    """Builds the networks; a subclass defines `build` and, where it differs, how latents are drawn and mixed.

    Networks are called `G(z, y)` and `D(x, y)`: z (N, latent), x (N, C, H, W) in [-1, 1], D's scores raw, (N,).
    y is None when unconditional, else class numbers int64 (N,); where `mixes_classes` is true also float (N, classes),
    the shares of each class, which sum to one.
    """

    conditioning: ClassVar[Literal["optional", "required", "impossible"]] = "optional"
    mixes_classes: ClassVar[bool] = False
    sampling: ClassVar[type[Sampling]] = Truncation
    """The options that `generate` understands, `--sample.NAME` on the command line."""

    latent: int = Field(100, gt=0, le=65536, description="Length of the latent vector z.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """The networks by name for images of that spec; raises UsageError for a size that they cannot make."""
        raise NotImplementedError

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """n latents from N(0, 1), (n, latent), on the generator's device."""
        return torch.randn(n, self.latent, generator=generator, device=generator.device)

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """Latents at share t in [0, 1] of the way from a to b."""
        return latents.slerp(a, b, t)

    def generate(self, networks: Mapping[str, nn.Module], z: Tensor, y: Tensor | None, sampling: Any) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] of latents z and classes y; `sampling` has the options."""
        images: Tensor = networks["G"](z, y)
        return images

    def is_conditional(self, option: bool | None, classes: int) -> bool:
        """Whether the networks get the class, by --conditional and the number of classes; raises UsageError."""
        conditional = self.conditioning == "required" if option is None else option
        if conditional and self.conditioning == "impossible":
            raise UsageError(f"Architecture {self.name} cannot be conditional.", "Leave --conditional out.")
        if not conditional and self.conditioning == "required":
            raise UsageError(f"Architecture {self.name} is conditional by nature.", "Leave --no-conditional out.")
        if conditional and classes < 2:
            remedy = "choose another --arch" if self.conditioning == "required" else "train without --conditional"
            raise UsageError(
                f"A conditional model needs at least two classes; the data has {classes or 'no labels'}.",
                f"Sort the images into one folder a class, or {remedy}.",
            )
        return conditional

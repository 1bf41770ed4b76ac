"""Options of generation, which an architecture declares: how to sample from a trained model."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from gancli.base.options import Options

if TYPE_CHECKING:
    from torch import Tensor

Draw = Callable[[Sequence[int]], "Tensor"]


class Sampling(Options):
    """Options of generation: each field is a `--sample.NAME`. Training and evaluation generate with the defaults."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Raise TypeError where an option has no default, as training generates with the defaults."""
        for name, info in cls.model_fields.items():
            if info.is_required():
                raise TypeError(f"{cls.__name__}.{name} has no default; training needs one to generate with")

    def columns(self, arch: Any) -> int | None:
        """The number of columns in which a grid of samples is shown; None for any number."""
        return None

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> "Tensor":
        """Latents (N, ...) of the images with these numbers, on the CPU; `draw(numbers)` gives independent ones.

        The latent of a number must not depend on the other numbers.
        """
        return draw(numbers)


class Truncation(Sampling):
    """The option of architectures with normal latents, which is the default of all architectures."""

    truncation: float | None = Field(
        None, gt=0, description="Cut the latents' normal distribution at ± this: 0.7 is typical images, 2 nearly all."
    )

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> "Tensor":
        """Independent latents (N, ...), truncated if that is asked for, on the CPU."""
        from gancli.architectures.latents import truncate

        z = draw(numbers)
        return z if self.truncation is None else truncate(z, self.truncation)

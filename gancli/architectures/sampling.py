"""What can be asked of a trained model besides its classes: options of generation, which an architecture declares."""

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
        """Raise TypeError where an option has no default: nobody is there to give it while a model trains."""
        for name, info in cls.model_fields.items():
            if info.is_required():
                raise TypeError(f"{cls.__name__}.{name} has no default; training needs one to generate with")

    def columns(self, arch: Any) -> int | None:
        """The columns in which a grid shows what was asked for; None where any number does."""
        return None

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> "Tensor":
        """Latents (N, ...) of the images with these numbers, on the CPU; `draw` gives independent ones by number.

        An image must not depend on which others are asked for.
        """
        return draw(numbers)


class Truncation(Sampling):
    """What can be asked of normal latents, and so of every architecture that says nothing else."""

    truncation: float | None = Field(
        None, gt=0, description="Cut the latents' normal distribution at ± this: 0.7 is typical images, 2 nearly all."
    )

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> "Tensor":
        """Independent latents, truncated."""
        from gancli.architectures.latents import truncate

        z = draw(numbers)
        return z if self.truncation is None else truncate(z, self.truncation)

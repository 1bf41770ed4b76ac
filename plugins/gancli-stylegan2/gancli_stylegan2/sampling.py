"""What can be asked of StyleGAN2: truncated styles, a table of mixed ones, no noise (1812.04948, 1912.04958)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import Tensor

from gancli import Draw, Sampling

if TYPE_CHECKING:
    from gancli_stylegan2.generator import Generator

COLUMNS = 8


class Styles(Sampling):
    """In a table of mixed styles a column has the later layers of images 0, 1, ..., a row the others of those after."""

    truncation: float = Field(
        1.0, ge=-1, le=2, description="Distance of styles from their mean, psi: 0.7 is typical images, 1 all."
    )
    mix: int | None = Field(
        None, ge=0, description="Layer from which on styles are those of the column, before it of the row."
    )
    noise: bool = Field(True, description="Noise in every layer.")

    def columns(self, arch: Any) -> int | None:
        """Those of the table."""
        return None if self.mix is None else COLUMNS

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> Tensor:
        """Latents, and behind them those of the column where styles are mixed."""
        if self.mix is None:
            return draw(numbers)
        rows, columns = draw([COLUMNS + n // COLUMNS for n in numbers]), draw([n % COLUMNS for n in numbers])
        return torch.cat([rows, columns], 1)

    def styles(self, generator: "Generator", z: Tensor, y: Tensor | None, other: Tensor) -> Tensor:
        """The styles (N, layers, style) asked for, of latents and the column's."""
        styles = generator.styles(z, y)
        if self.mix is not None:
            layers = torch.arange(styles.shape[1], device=z.device)[:, None]
            styles = torch.where(layers < self.mix, styles, generator.styles(other, y))
        return torch.lerp(generator.centre(len(z), y).unsqueeze(1), styles, self.truncation)

"""What can be asked of InfoGAN: a category, and a row of the grid for the values of a code (1606.03657)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import one_hot

from gancli import Draw, Sampling, UsageError

if TYPE_CHECKING:
    from gancli_infogan.architecture import InfoGAN


class Codes(Sampling):
    """The codes by the paper's numbers: 1 is the category, 2 and on are the continuous ones.

    Along a row of a sweep all else stays the same; from row to row it is drawn anew, and a category that is neither
    swept nor given goes on to the next.
    """

    category: int | None = Field(None, ge=0, description="Category of all images; otherwise drawn.")
    sweep: int | None = Field(
        None, ge=1, description="Code that changes along each row of the grid: 1 is the category, 2 the next code."
    )
    steps: int = Field(10, ge=2, le=1000, description="Values in a row of a continuous code.")
    reach: float = Field(2.0, gt=0, description="They go from minus this to this; in training codes are within 1.")

    def columns(self, arch: "InfoGAN") -> int | None:
        """One a value of the code that is swept."""
        if self.sweep is None:
            return None
        return arch.categories if self.sweep == 1 else self.steps

    def latents(self, arch: "InfoGAN", numbers: Sequence[int], draw: Draw) -> Tensor:
        """Latents with the codes asked for; raises UsageError where the model has no such."""
        self._check(arch)
        columns = self.columns(arch) or 1
        rows, places = [n // columns for n in numbers], torch.tensor([n % columns for n in numbers])
        noise, category, continuous = (part.clone() for part in arch.parts(draw(rows)))
        if self.sweep is not None:
            category = one_hot(places if self.sweep == 1 else torch.tensor(rows) % arch.categories, arch.categories)
        if self.category is not None and self.sweep != 1:
            category = one_hot(torch.full_like(places, self.category), arch.categories)
        if self.sweep is not None and self.sweep > 1:
            continuous[:, self.sweep - 2] = torch.linspace(-self.reach, self.reach, self.steps)[places]
        return torch.cat([noise, category, continuous], 1)

    def _check(self, arch: "InfoGAN") -> None:
        if self.category is not None and self.category >= arch.categories:
            raise UsageError(f"There is no category {self.category}.", f"There are 0 to {arch.categories - 1}.")
        if self.sweep is not None and self.sweep > 1 + arch.continuous:
            raise UsageError(f"There is no code {self.sweep}.", f"There are 1 to {1 + arch.continuous}.")

"""What an extractor is: the network whose features figures are computed from, chosen by name."""

from typing import TYPE_CHECKING

from pydantic import Field

from gancli.base.options import Chosen
from gancli.data.images import Images

if TYPE_CHECKING:
    import torch
    from torch import nn

    from gancli.base.progress import Progress


class Extractor(Chosen):
    """Lends its features to figures; a subclass defines `open`, and `ready` where opening it can take long."""

    source: str = Field("", description="What follows the name and a colon: file:PATH.")
    download: bool = Field(False, description="Fetch weights that are not there yet.")

    def open(self, images: Images, device: "torch.device", progress: "Progress") -> "nn.Module":
        """The network, for such images: uint8 (N, C, H, W) in, features (N, D) out, D the same for every call.

        Where it also tells classes it has `classify`, from features (N, D) to scores (N, classes) in the order of
        `images.classes`, and `accuracy`, the share in [0, 1] of real images, held out, that it is right about.
        Raises GanError where it cannot be had.
        """
        raise NotImplementedError

    def ready(self, images: Images) -> bool:
        """Whether it opens at once, with nothing to train or to fetch."""
        return True


def find(text: str, *, download: bool = False) -> Extractor:
    """The extractor that `name` or `name:source` means; raises UsageError where there is none such."""
    from gancli.plugins.registry import registry

    name, _, source = text.partition(":")
    return Extractor.checked(registry().find("extractor", name).load()(name=name, source=source, download=download))


def default(images: Images) -> Extractor:
    """A classifier of the images' own where they have classes, else random features."""
    return find("classifier" if len(images.classes) > 1 else "random")

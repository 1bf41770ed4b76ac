"""The contract of extractors: networks, chosen by name, from whose features figures are computed."""

from typing import TYPE_CHECKING

from pydantic import Field

from gancli.base.options import Chosen
from gancli.data.images import Images

if TYPE_CHECKING:
    import torch
    from torch import nn

    from gancli.base.progress import Progress


class Extractor(Chosen):
    """Gives features of images; a subclass defines `open`, and `ready` if opening it can take long."""

    source: str = Field("", description="What follows the name and a colon: file:PATH.")
    download: bool = Field(False, description="Fetch weights that are not there yet.")

    def open(self, images: Images, device: "torch.device", progress: "Progress") -> "nn.Module":
        """Return a network for such images, from uint8 (N, C, H, W) to features (N, D) with D always the same.

        If it also tells classes it has `classify`, from features (N, D) to scores (N, classes) in the order of
        `images.classes`, and `accuracy`, the share in [0, 1] of real images held out that it classifies right.
        Raises GanError where its weights cannot be read, trained or downloaded.
        """
        raise NotImplementedError

    def ready(self, images: Images) -> bool:
        """Whether it opens at once, with nothing to train or to download."""
        return True


def find(text: str, *, download: bool = False) -> Extractor:
    """Return the extractor of `name` or `name:source`; raises UsageError where there is no such extractor."""
    from gancli.plugins.registry import registry

    name, _, source = text.partition(":")
    return Extractor.checked(registry().find("extractor", name).load()(name=name, source=source, download=download))


def default(images: Images) -> Extractor:
    """Return the classifier trained on the images if they have classes, else the one of random features."""
    return find("classifier" if len(images.classes) > 1 else "random")

"""A trained generator, rebuilt from a checkpoint: what sample and interpolate use."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancli import checkpoint, images, latents
from gancli.architectures import Architecture
from gancli.checkpoint import Header
from gancli.config import rebuild
from gancli.data.base import Spec
from gancli.device import choose_device
from gancli.errors import GanError, UsageError
from gancli.networks import load_state
from gancli.text import clean

# Always the same, and the last batch is filled up: on one machine an image does not depend on how many are asked for.
BATCH = 64


@dataclass(frozen=True)
class Generator:
    """The averaged networks of player G, with their architecture, image spec and device."""

    arch: Architecture
    networks: dict[str, nn.Module]
    spec: Spec
    conditional: bool
    device: torch.device
    header: Header

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> "Generator":
        """Rebuild from a checkpoint, reading nothing but the averaged weights; raises GanError."""
        header = checkpoint.read_header(path)
        arch = _architecture(header, path)
        spec = _spec(header, path)
        where = choose_device(device)
        tensors = checkpoint.load(path, header, _averaged(header))
        built = arch.build(spec, header.conditional)
        names = {name.partition("_ema.")[0] for name in tensors}
        networks = {name: built[name] for name in names if name in built}
        for name, network in networks.items():
            load_state(network, checkpoint.part(tensors, f"{name}_ema."), path)
            network.to(where).eval().requires_grad_(False)
        return cls(arch, networks, spec, header.conditional, where, header)

    def split_classes(self, text: str | None) -> list[str]:
        """The class names in `cat,dog`; a class whose own name has a comma is taken whole."""
        if not text or text in self.spec.classes:
            return [text] if text else []
        return [name.strip() for name in text.split(",")]

    def class_number(self, name: str) -> int:
        """The number of a class given by name or number; raises UsageError where there is none such."""
        if not self.conditional:
            raise UsageError(
                "This model is unconditional: it cannot be asked for a class.",
                "Train one with --conditional, or with --preset cgan.",
            )
        if name in self.spec.classes:
            return self.spec.classes.index(name)
        raise UsageError(
            f"There is no class '{clean(name)}'.", f"There are: {', '.join(map(clean, self.spec.classes))}."
        )

    def classes(self, names: Sequence[str], count: int) -> Tensor | None:
        """The classes (count,) of that many images: those named in turn, all in turn where none is; None without."""
        if not self.conditional:
            if names:
                self.class_number(names[0])
            return None
        numbers = [self.class_number(name) for name in names] or list(range(len(self.spec.classes)))
        return torch.tensor([numbers[i % len(numbers)] for i in range(count)])

    def latents(self, seed: int, numbers: range | Sequence[int]) -> Tensor:
        """The latents of the images with these numbers under a seed."""
        return latents.draw(self.arch.noise, seed, numbers)

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes."""
        made = [self._batch(z[i : i + BATCH], None if y is None else y[i : i + BATCH]) for i in range(0, len(z), BATCH)]
        return np.concatenate(made)

    @torch.no_grad()
    def _batch(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        count = len(z)
        fill = torch.arange(BATCH) % count
        classes = None if y is None else y[fill].to(self.device)
        return images.to_uint8(self.arch.generate(self.networks, z[fill].to(self.device), classes))[:count]


def _averaged(header: Header) -> tuple[str, ...]:
    return tuple(sorted({name.partition("_ema.")[0] + "_ema." for name in header.digests if "_ema." in name}))


def _architecture(header: Header, path: Path) -> Architecture:
    try:
        arch = rebuild("arch", header.settings)
    except GanError as error:
        name = header.settings.get("arch", {}).get("name", "") if isinstance(header.settings, dict) else ""
        package = header.packages.get(f"architecture {str(name).rpartition('/')[2]}")
        hint = f"It was trained with {clean(package)}: install that." if package else error.hint
        raise GanError(f"{clean(path)}: {error.message}", hint) from error
    if not isinstance(arch, Architecture):
        raise GanError(f"{clean(path)} names an architecture that is none.")
    return arch


def _spec(header: Header, path: Path) -> Spec:
    try:
        told: Any = header.spec
        height, width, channels = (int(told[name]) for name in ("height", "width", "channels"))
        if not all(1 <= side <= 8192 for side in (height, width, channels)):
            raise ValueError
        return Spec(height, width, channels, tuple(map(str, told["classes"])))
    except (KeyError, TypeError, ValueError) as error:
        raise GanError(f"{clean(path)} has a damaged header: its image spec makes no sense.") from error

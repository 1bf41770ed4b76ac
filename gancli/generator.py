"""A trained generator, rebuilt from a checkpoint: what sample and interpolate use."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from gancli import checkpoint, images, layout
from gancli.architectures import Architecture
from gancli.architectures.translator import Translator
from gancli.blame import blamed
from gancli.checkpoint import Header
from gancli.config import rebuild
from gancli.data.base import Images, Spec
from gancli.data.fields import bytes_text
from gancli.data.load import free_memory
from gancli.device import choose_device, out_of_memory
from gancli.errors import GanError, UsageError
from gancli.inputs import Inputs, inputs
from gancli.networks import load_state, outline
from gancli.plugins import require
from gancli.sampling import Sampling
from gancli.text import clean

# Always the same, and the last batch is filled up: on one machine an image does not depend on how many are asked for.
BATCH = 64
AVERAGED = "_ema."


@dataclass(frozen=True)
class Sampler:
    """Makes images of latents and classes: the networks of player G, with their architecture, image spec and device.

    `sampling` is what is asked of them, of the architecture's class; `inputs` are what they make images of.
    """

    arch: Architecture
    networks: dict[str, nn.Module]
    spec: Spec
    conditional: bool
    device: torch.device
    sampling: Sampling
    inputs: Inputs

    def latents(self, seed: int, numbers: Sequence[int], y: Tensor | None = None) -> Tensor:
        """The latents, or images, that the images with these numbers under a seed are made of; y are their classes."""
        return self.sampling.latents(self.arch, numbers, lambda drawn: self.inputs.draw(seed, drawn, y))

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes."""
        size = _batch_size(self.spec)
        starts = range(0, len(z), size)
        made = [self._batch(z[i : i + size], None if y is None else y[i : i + size], size) for i in starts]
        return np.concatenate(made)

    @torch.no_grad()
    def _batch(self, z: Tensor, y: Tensor | None, size: int) -> np.ndarray:
        count = len(z)
        fill = torch.arange(size) % count
        classes = None if y is None else y[fill].to(self.device)
        made = self.arch.generate(self.networks, z[fill].to(self.device), classes, self.sampling)
        return images.to_uint8(made)[:count]


@dataclass(frozen=True)
class Generator(Sampler):
    """The averaged networks in a checkpoint, with its header."""

    header: Header
    path: Path

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes; raises GanError where the file's networks cannot."""
        with _doubted(self.path, self.arch):
            return super().__call__(z, y)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> "Generator":
        """Rebuild from a checkpoint, reading nothing but the averaged weights; raises GanError.

        Nobody vouches for the file: what it says is held against the networks it names before memory is taken.
        """
        header = checkpoint.read_header(path)
        arch = architecture_of(header, path)
        where = choose_device(device)
        with _doubted(path, arch):
            names = _averaged(path, outline(arch, header.spec, header.conditional))
            tensors = checkpoint.load(path, header, tuple(f"{name}{AVERAGED}" for name in names))
            built = arch.build(header.spec, header.conditional)
            networks = {name: built[name] for name in names}
            for name, network in networks.items():
                load_state(network, checkpoint.part(tensors, f"{name}{AVERAGED}"), path)
                network.to(where).eval().requires_grad_(False)
        return cls(arch, networks, header.spec, header.conditional, where, arch.sampling(), inputs(arch), header, path)

    def given(self, data: Images) -> Self:
        """One that makes images of these, where it makes images of images; raises GanError where they are unlike."""
        if isinstance(self.arch, Translator) and self.conditional and data.classes != self.spec.classes:
            there, known = (", ".join(map(clean, each.classes)) or "none" for each in (data, self.spec))
            raise GanError(f"The images to begin with are of other classes ({there}) than the model's ({known}).")
        return replace(self, inputs=inputs(self.arch, data))

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


def _batch_size(spec: Spec) -> int:
    """Images made at a time: fewer of very large ones."""
    return max(1, min(BATCH, BATCH * 512 * 512 // (spec.height * spec.width)))


@contextmanager
def _doubted(path: Path, arch: Architecture) -> Iterator[None]:
    """What goes wrong in networks that a file describes is a fault of the file, or of its plugin: GanError."""
    try:
        yield
    except UsageError as error:
        raise GanError(f"{clean(path)}: {error.message}") from error
    except GanError:
        raise
    except Exception as error:
        if blamed(error) or out_of_memory(error):
            raise
        fault = clean(f"{type(error).__name__}: {error}")[:120]
        raise GanError(f"{clean(path)} does not go with architecture {arch.name}, which it names ({fault}).") from error


def _averaged(path: Path, outlines: Mapping[str, Mapping[str, torch.Size]]) -> list[str]:
    """The networks whose averaged weights are in a file, shape for shape; raises GanError where they do not fit."""
    places = layout.table(path)
    names = [name for name in outlines if any(each.startswith(name + AVERAGED) for each in places)]
    if not names:
        raise GanError(f"{clean(path)} holds no averaged generator.")
    for name in names:
        expected = {f"{name}{AVERAGED}{key}": tuple(shape) for key, shape in outlines[name].items()}
        found = {key: place.shape for key, place in places.items() if key.startswith(name + AVERAGED)}
        if expected != found:
            odd = min({key for key, _ in expected.items() ^ found.items()})
            raise GanError(
                f"{clean(path)} does not fit the architecture that its header names: {clean(odd)[:80]}.",
                "Was its plugin changed since?",
            )
    needed = 3 * sum(place.end - place.begin for key, place in places.items() if AVERAGED in key)
    if needed > free_memory():
        raise GanError(f"{clean(path)} needs {bytes_text(needed)} of memory, which is more than there is.")
    return names


def architecture_of(header: Header, path: Path) -> Architecture:
    """The architecture that a checkpoint names; raises GanError where it cannot be had."""
    try:
        require(header.packages, "architecture")
        arch = rebuild("arch", header.settings)
    except GanError as error:
        raise GanError(f"{clean(path)}: {error.message}", error.hint) from error
    if not isinstance(arch, Architecture):
        raise GanError(f"{clean(path)} names an architecture that is none.")
    return arch

"""A trained generator, rebuilt from a checkpoint: what sample and interpolate use."""

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from gancli.architectures.contract import Architecture
from gancli.architectures.inputs import inputs_of
from gancli.architectures.translator import Translator
from gancli.base.errors import GanError, UsageError
from gancli.base.tensor_file import Place
from gancli.base.text import clean
from gancli.base.units import bytes_text
from gancli.compute.device import choose_device
from gancli.compute.memory import free_memory, out_of_memory
from gancli.config.layers import rebuild
from gancli.data.dataset import Dataset
from gancli.data.images import Images
from gancli.generation.datasets import prepared_alike
from gancli.generation.sampler import Sampler
from gancli.generation.weights import load_state, outline
from gancli.plugins.blame import blamed
from gancli.plugins.registry import require
from gancli.runs.checkpoint import Checkpoint, Header, part

AVERAGED = "_ema."


@dataclass(frozen=True)
class TrainedModel(Sampler):
    """The averaged networks in a checkpoint, with its header."""

    header: Header
    path: Path

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes; raises GanError where the file's networks cannot."""
        with _doubted(self.path, self.arch):
            return super().__call__(z, y)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> "TrainedModel":
        """Rebuild from a checkpoint file, as `of` does; raises GanError."""
        with Checkpoint(path) as checkpoint:
            return cls.of(checkpoint, device)

    @classmethod
    def of(cls, checkpoint: Checkpoint, device: str = "auto") -> "TrainedModel":
        """Rebuild from an open checkpoint, reading no tensors but the averaged weights; raises GanError.

        Nobody vouches for the file: what it says is held against the networks it names before memory is taken.
        """
        header, path = checkpoint.header, checkpoint.path
        arch, where = architecture_of(header, path), choose_device(device)
        with _doubted(path, arch):
            outlines = outline(arch, header.spec, header.conditional)
        names = _averaged(path, checkpoint.table, outlines)
        tensors = checkpoint.tensors(*(name + AVERAGED for name in names))
        with _doubted(path, arch):
            built = arch.build(header.spec, header.conditional)
            for name in names:
                load_state(built[name], part(tensors, name + AVERAGED), path)
                built[name].to(where).eval().requires_grad_(False)
        networks = {name: built[name] for name in names}
        place = header.spec, header.conditional, where
        return cls(arch, networks, *place, arch.sampling(), inputs_of(arch), header=header, path=path)

    def with_images(self, data: Images) -> Self:
        """The same model with images to translate, where it is a translator; raises GanError where classes differ."""
        if isinstance(self.arch, Translator) and self.conditional and data.classes != self.spec.classes:
            there, expected = (", ".join(map(clean, each.classes)) or "none" for each in (data, self.spec))
            raise GanError(f"The images to begin with are of other classes ({there}) than the model's ({expected}).")
        return replace(self, inputs=inputs_of(self.arch, data))

    def given(self, data: Images) -> Self:
        """The old name of `with_images`."""
        warnings.warn("gancli.TrainedModel.given is now with_images", DeprecationWarning, stacklevel=2)
        return self.with_images(data)

    def dataset(self, source: str, *, without: Collection[str] = ()) -> Dataset:
        """The dataset that reads another source as the model's own images were; `without` some of its options."""
        return prepared_alike(self.header, source, without=without)

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

    def classes(self, names: Sequence[str], count: int, first: int = 0) -> Tensor | None:
        """The classes, int64 (count,), of images from number `first` on: these in turn, or all; None without any."""
        if not self.conditional:
            if names:
                self.class_number(names[0])
            return None
        numbers = [self.class_number(name) for name in names] or list(range(len(self.spec.classes)))
        return torch.tensor(numbers)[torch.arange(first, first + count) % len(numbers)]


@contextmanager
def _doubted(path: Path, arch: Architecture) -> Iterator[None]:
    """Turn errors in networks that a file describes into GanErrors that name the file, or its plugin."""
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


def _averaged(path: Path, places: Mapping[str, Place], outlines: Mapping[str, Mapping[str, torch.Size]]) -> list[str]:
    """The networks whose averaged weights are in a table, shape for shape; raises GanError where they do not fit."""
    names = [name for name in outlines if any(each.startswith(name + AVERAGED) for each in places)]
    if not names:
        raise GanError(f"{clean(path)} holds no averaged generator.")
    for name in names:
        expected = {f"{name}{AVERAGED}{key}": tuple(shape) for key, shape in outlines[name].items()}
        stored = {key: place.shape for key, place in places.items() if key.startswith(name + AVERAGED)}
        if expected != stored:
            odd = min({key for key, _ in expected.items() ^ stored.items()})
            raise GanError(
                f"{clean(path)} does not fit the architecture that its header names: {clean(odd)[:80]}.",
                "Was its plugin changed since?",
            )
    needed = 3 * sum(place.size for key, place in places.items() if AVERAGED in key)
    if needed > free_memory():
        raise GanError(f"{clean(path)} needs {bytes_text(needed)} of memory, which is more than there is.")
    return names


def architecture_of(header: Header, path: Path) -> Architecture:
    """The architecture that a checkpoint names; raises GanError where it cannot be had."""
    try:
        require(header.packages, "architecture")
        return Architecture.checked(rebuild("arch", header.settings))
    except GanError as error:
        raise GanError(f"{clean(path)}: {error.message}", error.hint) from error

"""One safetensors file that rebuilds a run: weights, optimisers, state, a JSON header. Nothing is ever unpickled."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from gancli.errors import GanError
from gancli.files import replacing
from gancli.text import clean

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
KEY = "gancli"


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself, readable without torch."""

    settings: Mapping[str, Any]
    spec: Mapping[str, Any]
    conditional: bool
    step: int
    images_seen: int
    seconds: float
    data: Mapping[str, Any]
    optim: Mapping[str, Any]
    digests: Mapping[str, str]
    packages: Mapping[str, str]
    torch: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    format: int = FORMAT


def read_header(path: Path) -> Header:
    """The header of a checkpoint, without torch; raises GanError where the file is not one of ours, whole and sound."""
    try:
        # pread: mapping the file would kill the process if it were cut short while open.
        with safe_open(path, framework="np", backend="pread") as file:
            text = (file.metadata() or {}).get(KEY)
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    if text is None:
        raise GanError(f"{clean(path)} is a safetensors file, but no checkpoint of gancli.")
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise GanError(f"{clean(path)} has checkpoint format {clean(document['format'])}.", "Update gancli.")
        return Header(**document)
    except (ValueError, TypeError, KeyError) as error:
        raise GanError(f"{clean(path)} has a damaged header.", "Use another checkpoint of the run.") from error


def save(path: Path, tensors: Mapping[str, "Tensor"], header: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all; the digests of the tensors are added to the header."""
    from safetensors.torch import save_file

    ready = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    digests = {name: digest(tensor) for name, tensor in ready.items()}
    document = {**header, "digests": digests, "format": FORMAT}
    with replacing(path) as temporary:
        try:
            save_file(ready, temporary, metadata={KEY: json.dumps(document, sort_keys=True)})
        except SafetensorError as error:
            raise GanError(f"{clean(path)} cannot be written: {clean(error)}.", "Is the disk full?") from error


def load(path: Path, header: Header, prefixes: tuple[str, ...] = ("",)) -> dict[str, "Tensor"]:
    """The tensors whose names begin with one of the prefixes, on the CPU, each checked against its digest."""
    try:
        with safe_open(path, framework="pt", backend="pread") as file:
            names = [name for name in file.keys() if name.startswith(prefixes)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    for name, tensor in tensors.items():
        if header.digests.get(name) != digest(tensor):
            raise GanError(
                f"{clean(path)} is damaged: {clean(name)} differs from its digest.", "Use another checkpoint."
            )
    return tensors


def part(tensors: Mapping[str, "Tensor"], prefix: str) -> dict[str, "Tensor"]:
    """The tensors under a prefix such as `G.`, named without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def digest(tensor: "Tensor") -> str:
    """A digest of a tensor's bytes, type and shape."""
    import torch

    flat = bytes(tensor.contiguous().flatten().view(torch.uint8).numpy()) if tensor.numel() else b""
    told = f"{tensor.dtype} {list(tensor.shape)} ".encode()
    return hashlib.blake2b(flat, digest_size=16, salt=hashlib.blake2b(told, digest_size=16).digest()).hexdigest()


def _unreadable(path: Path, error: Exception) -> GanError:
    if not path.exists():
        return GanError(f"There is no checkpoint {clean(path)}.")
    return GanError(
        f"{clean(path)} is no safetensors file, or a damaged one ({clean(error)}).",
        "gancli reads only safetensors; a .pt or .pth file could run code, and is never opened.",
    )

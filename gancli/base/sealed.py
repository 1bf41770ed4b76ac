"""Safetensors files that are trusted only whole: a JSON entry says what the tensors are, and a checksum covers both."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from gancli.base.errors import GanError
from gancli.base.files import replacing
from gancli.base.text import clean

CHECKSUM = "sha256"
Tensors = Mapping[str, torch.Tensor]


class Unsealed(ValueError):
    """A file that is not what its seal says; the message is the reason."""


def write(path: Path, entry: str, about: Mapping[str, Any], tensors: Tensors) -> None:
    """Write tensors, and under `entry` what they are, whole or not at all; raises GanError where that fails."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    sealed = {**about, CHECKSUM: checksum(about, ready)}
    with replacing(path) as temporary:
        try:
            save_file(ready, temporary, metadata={entry: json.dumps(sealed)})
        except SafetensorError as error:
            raise GanError(f"{clean(path)} cannot be written: {clean(error)}.", "Is the disk full?") from error


def read(path: Path, entry: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """What a file says under `entry`, and its tensors; raises FileNotFoundError, or Unsealed where it has changed."""
    try:
        # pread: mapping the file would kill the process if it were cut short while open.
        with safe_open(path, framework="pt", backend="pread") as file:
            about = json.loads((file.metadata() or {})[entry])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise Unsealed(str(error)) from error
    if not isinstance(about, dict) or about.pop(CHECKSUM, None) != checksum(about, tensors):
        raise Unsealed("its checksum does not match")
    return about, tensors


def checksum(about: Mapping[str, Any], tensors: Tensors) -> str:
    """A digest of what the tensors are, their names, types, shapes and bytes."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()

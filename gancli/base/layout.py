"""How a safetensors file lies on disk: eight bytes of length, a JSON table, then the bytes of the tensors.

The library reads it. It is written here, because the library holds a second copy of everything while it writes, and
does not say which error of the disk stopped it; and read here to check all bytes without torch.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 8 * 2**20  # bytes of a table that is read: one of 10,000 tensors has 2 million
CHUNK = 2**20
CODES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}
"""The types a checkpoint may hold, as the file and as torch call them."""


@dataclass(frozen=True)
class Place:
    """A tensor in a file: its type, its shape, and where its bytes are."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def told(self) -> str:
        """Type and shape, as a digest counts them."""
        return f"torch.{self.dtype} {list(self.shape)} "


def write(file: IO[bytes], tensors: Mapping[str, "Tensor"], metadata: Mapping[str, str]) -> None:
    """Write contiguous tensors of the CPU; raises OSError as the disk gives it."""
    codes = {f"torch.{name}": code for code, name in CODES.items()}
    table: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    # The largest items first, so that every tensor begins at a multiple of the size of its items.
    ordered = sorted(tensors.items(), key=lambda pair: (-pair[1].element_size(), pair[0]))
    for name, tensor in ordered:
        begin, end = end, end + tensor.numel() * tensor.element_size()
        table[name] = {"dtype": codes[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for _, tensor in ordered:
        file.write(raw(tensor))


def raw(tensor: "Tensor") -> Any:
    """The bytes of a contiguous tensor of the CPU, not copied."""
    import torch

    return tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""


def table(path: Path) -> dict[str, Place]:
    """The tensors in a file, by name; raises ValueError, KeyError or TypeError where it is none, or OSError."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= LONGEST:
            raise ValueError(f"its table would have {length} bytes")
        try:
            found = json.loads(file.read(length))
        except RecursionError:
            raise ValueError("its table is nested too deeply") from None
    found.pop("__metadata__", None)
    return {name: _place(entry, 8 + length) for name, entry in found.items()}


def _place(entry: Mapping[str, Any], start: int) -> Place:
    begin, end = entry["data_offsets"]
    return Place(CODES[entry["dtype"]], tuple(entry["shape"]), start + begin, start + end)


def digest(told: str, parts: Iterator[Any]) -> str:
    """A digest of a tensor's bytes, type and shape."""
    salt = hashlib.blake2b(told.encode(), digest_size=16).digest()
    total = hashlib.blake2b(digest_size=16, salt=salt)
    for part in parts:
        total.update(part)
    return total.hexdigest()


def digests(path: Path) -> Iterator[tuple[str, str]]:
    """Name and digest of every tensor in a file; raises as `table` does."""
    places = table(path)
    with path.open("rb") as file:
        for name, place in places.items():
            file.seek(place.begin)
            yield name, digest(place.told, _read(file, place.end - place.begin))


def _read(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (part := file.read(min(length, CHUNK))):
        length -= len(part)
        yield part

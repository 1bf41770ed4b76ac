"""Safetensors files with a document: tensors, a JSON document that says what they are, and digests of both.

They are written here, because the library holds a second copy of everything while it writes, and does not say which
error of the disk stopped it. The library checks the table of a file that is read; the bytes are read here, so that
they can be checked without torch.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

from safetensors import SafetensorError, safe_open

from gancli.base.errors import GanError
from gancli.base.files import replacing
from gancli.base.text import clean

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 32 * 2**20  # bytes of a table: one of 10,000 tensors with a checkpoint's header has 2 million
CHUNK = 2**20  # bytes that are read at a time where nothing is kept


class ItemType(NamedTuple):
    """A type of items: its name in torch, and the bytes of one."""

    name: str
    size: int


KINDS = {
    "BOOL": ItemType("bool", 1),
    "U8": ItemType("uint8", 1),
    "I8": ItemType("int8", 1),
    "U16": ItemType("uint16", 2),
    "I16": ItemType("int16", 2),
    "U32": ItemType("uint32", 4),
    "I32": ItemType("int32", 4),
    "U64": ItemType("uint64", 8),
    "I64": ItemType("int64", 8),
    "F8_E4M3": ItemType("float8_e4m3fn", 1),
    "F8_E5M2": ItemType("float8_e5m2", 1),
    "F16": ItemType("float16", 2),
    "BF16": ItemType("bfloat16", 2),
    "F32": ItemType("float32", 4),
    "F64": ItemType("float64", 8),
    "C64": ItemType("complex64", 8),
}
"""The types of items that are written and read, by their codes in a file."""
CODES = {f"torch.{kind.name}": code for code, kind in KINDS.items()}


class NotSafetensors(ValueError):
    """A file whose table cannot be read; the message is the reason."""


class Damaged(ValueError):
    """A file whose tensors or document are not what was written; the message is the reason."""


@dataclass(frozen=True)
class Place:
    """A tensor in a file: the name of its type in torch, its shape, and where its bytes begin and end."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.begin


class TensorFile:
    """A safetensors file, open to be read: its table by name, and its metadata.

    Raises NotSafetensors, or OSError as the disk gives it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        self._checked: set[str] = set()
        try:
            self.metadata, self.table = _contents(path, self._file)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def document(self, key: str) -> dict[str, Any]:
        """The JSON document under a key, not yet held against its digest; raises Damaged where there is none."""
        try:
            document = json.loads(self.metadata[key])
        except (KeyError, ValueError, RecursionError) as error:
            raise Damaged(f"nothing under {key} says what it is") from error
        if not isinstance(document, dict):
            raise Damaged(f"what is under {key} is no document")
        return document

    def whole(self, key: str) -> tuple[dict[str, Any], dict[str, "Tensor"]]:
        """The document under a key, and all tensors, as `write` wrote them; raises Damaged where they are not."""
        document = unsealed(self.document(key))
        digests = document.pop("digests", None)
        if not isinstance(digests, dict):
            raise Damaged("its tensors have no digests")
        return document, self.tensors(self.table, digests)

    def tensors(self, names: Iterable[str], digests: Mapping[str, str] | None) -> dict[str, "Tensor"]:
        """The tensors of these names, on the CPU; raises Damaged where one differs from its digest.

        No digest of a tensor is taken twice; without digests none is.
        """
        return {name: self._tensor(name, digests) for name in names}

    def verify(self, digests: Mapping[str, str]) -> None:
        """Raise Damaged unless the file holds the tensors that have digests, and no other, byte for byte."""
        for name, place in self.table.items():
            self._check(name, digests, self._parts(place))
        if missing := digests.keys() - self.table.keys():
            raise Damaged(f"{clean(min(missing))[:80]} is not there")

    def _tensor(self, name: str, digests: Mapping[str, str] | None) -> "Tensor":
        import torch

        place = self.table[name]
        raw = torch.empty(place.size, dtype=torch.uint8)
        self._file.seek(place.begin)
        if self._file.readinto(raw.numpy().data) != place.size:
            raise Damaged("it has become shorter")
        if digests is not None and name not in self._checked:
            self._check(name, digests, [raw.numpy().data] if place.size else [])
        return raw.view(getattr(torch, place.dtype)).reshape(place.shape)

    def _check(self, name: str, digests: Mapping[str, str], parts: Iterable[Any]) -> None:
        place = self.table[name]
        if digests.get(name) != _digest(f"torch.{place.dtype}", place.shape, parts):
            raise Damaged(f"{clean(name)[:80]} differs from its digest")
        self._checked.add(name)

    def _parts(self, place: Place) -> Iterator[bytes]:
        self._file.seek(place.begin)
        left = place.size
        while left > 0 and (part := self._file.read(min(left, CHUNK))):
            left -= len(part)
            yield part


def write(path: Path, key: str, document: Mapping[str, Any], tensors: Mapping[str, "Tensor"]) -> None:
    """Write contiguous tensors of the CPU, and under `key` the document, whole or not at all; raises GanError.

    `digests` of the tensors and a `digest` of the whole document are added to it.
    """
    whole = {**document, "digests": {name: digest_of(tensor) for name, tensor in tensors.items()}}
    ordered = _ordered(tensors)
    table = _encoded(key, {**whole, "digest": _seal(whole)}, ordered)
    if len(table) > LONGEST:
        raise GanError(f"{clean(path)} cannot be written: its table would have {len(table):,} bytes.")
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(len(table).to_bytes(8, "little") + table)
        for tensor in ordered.values():
            file.write(_raw(tensor))


def read(path: Path, key: str) -> tuple[dict[str, Any], dict[str, "Tensor"]]:
    """The document under a key, and all tensors, as `write` wrote them; raises NotSafetensors, Damaged or OSError."""
    with TensorFile(path) as file:
        return file.whole(key)


def table_size(key: str, document: Mapping[str, Any], tensors: Mapping[str, "Tensor"]) -> int:
    """Bytes of the table that `write` would write; raises GanError for a tensor that no file can hold."""
    whole = {**document, "digests": dict.fromkeys(tensors, "0" * 32), "digest": "0" * 32}
    return len(_encoded(key, whole, _ordered(tensors)))


def unsealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its own digest; raises Damaged where it differs from that."""
    rest = {name: value for name, value in document.items() if name != "digest"}
    try:
        seal = _seal(rest)
    except RecursionError as error:
        raise Damaged("its document is nested too deeply") from error
    if document.get("digest") != seal:
        raise Damaged("its document differs from its digest")
    return rest


def digest_of(tensor: "Tensor") -> str:
    """A digest of a tensor's bytes, type and shape; the tensor is on the CPU."""
    return _digest(str(tensor.dtype), tuple(tensor.shape), [_raw(tensor.contiguous())])


def _ordered(tensors: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """The largest items first, so that every tensor begins at a multiple of the size of its items."""
    return dict(sorted(tensors.items(), key=lambda pair: (-pair[1].element_size(), pair[0])))


def _encoded(key: str, document: Mapping[str, Any], ordered: Mapping[str, "Tensor"]) -> bytes:
    """The table of a file, padded to a multiple of eight bytes."""
    table: dict[str, Any] = {"__metadata__": {key: json.dumps(document, sort_keys=True)}}
    end = 0
    for name, tensor in ordered.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        table[name] = {"dtype": _code(name, tensor), "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(table, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def _code(name: str, tensor: "Tensor") -> str:
    import torch

    code = CODES.get(str(tensor.dtype)) if tensor.layout is torch.strided else None
    if code is None:
        kind = str(tensor.dtype if tensor.layout is torch.strided else tensor.layout).removeprefix("torch.")
        raise GanError(
            f"{clean(name)[:80]} is {kind}, which no safetensors file holds.",
            f"There are: {', '.join(kind.name for kind in KINDS.values())}.",
        )
    return code


def _raw(tensor: "Tensor") -> Any:
    """The bytes of a contiguous tensor of the CPU, not copied."""
    import torch

    return tensor.detach().reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""


def _contents(path: Path, file: IO[bytes]) -> tuple[dict[str, str], dict[str, Place]]:
    """The metadata and the table of a file, whose tensors lie one after another from its table to its end."""
    length = int.from_bytes(file.read(8), "little")
    if not 0 < length <= LONGEST:
        raise NotSafetensors(f"its table would have {length} bytes")
    try:
        # pread: mapping the file would kill the process if it were cut short while open.
        with safe_open(path, framework="np", backend="pread") as library:
            slices = [(name, library.get_slice(name)) for name in library.offset_keys()]
            metadata = dict(library.metadata() or {})
    except SafetensorError as error:
        raise NotSafetensors(str(error)) from error
    table, end = {}, 8 + length
    for name, entry in slices:
        begin, (dtype, size), shape = end, _kind(entry.get_dtype()), tuple(entry.get_shape())
        end += size * prod(shape)
        table[name] = Place(dtype, shape, begin, end)
    return metadata, table


def _kind(code: str) -> ItemType:
    if code not in KINDS:
        raise NotSafetensors(f"it holds items of type {clean(code)[:20]}")
    return KINDS[code]


def _digest(dtype: str, shape: tuple[int, ...], parts: Iterable[Any]) -> str:
    salt = hashlib.blake2b(f"{dtype} {list(shape)} ".encode(), digest_size=16).digest()
    total = hashlib.blake2b(digest_size=16, salt=salt)
    for part in parts:
        total.update(part)
    return total.hexdigest()


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).hexdigest()

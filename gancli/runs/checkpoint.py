"""One safetensors file that rebuilds a run: weights, optimisers, state, a JSON header. Nothing is ever unpickled."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open

from gancli.base import layout
from gancli.base.errors import GanError
from gancli.base.files import replacing
from gancli.base.text import clean
from gancli.data.images import Spec

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2
KEY = "gancli"
SIDE = 8192  # pixels
VALUES = 2**24  # of one image: 2048x2048 in four channels
DEPTH = 6  # of nested settings
# What the library, and reading the table ourselves, raise for files that are something else.
UNREADABLE = (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, OverflowError)

Count = Annotated[int, Field(ge=0, lt=2**63)]


def _shallow(settings: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [settings]
    for _ in range(DEPTH):
        level = [each for part in level if isinstance(part, dict | list) for each in _members(part)]
    if level:
        raise ValueError("settings are not nested as deeply as that")
    return settings


def _in_tables(settings: dict[str, Any]) -> dict[str, Any]:
    if odd := [name for name in ("arch", "loss", "data", "optim") if not isinstance(settings.get(name), dict)]:
        raise ValueError(f"there are no settings of {odd[0]}")
    return settings


def _members(part: Any) -> list[Any]:
    return list(part.values()) if isinstance(part, dict) else part


def _sensible(spec: Spec) -> Spec:
    if not all(1 <= side <= SIDE for side in spec.shape) or spec.channels * spec.height * spec.width > VALUES:
        raise ValueError("there are no such images")
    return spec


class Part(BaseModel):
    """A part of the header: what it does not know it leaves out."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Position(Part):
    """Where a run stands in its data: images drawn, by stream; and what data that was."""

    positions: dict[str, Count]
    fingerprint: str
    count: Count


class Schedule(Part):
    """What schedules depend on besides the settings: the images they span, and how often the run went back."""

    horizon: Count | None
    rollbacks: Count = 0


class Header(Part):
    """What a checkpoint says of itself, readable without torch."""

    settings: Annotated[dict[str, Any], AfterValidator(_shallow), AfterValidator(_in_tables)]
    spec: Annotated[Spec, AfterValidator(_sensible)]
    conditional: bool
    step: Count
    images_seen: Count
    seconds: float = Field(ge=0)
    data: Position
    optim: Schedule
    digests: dict[str, str] = {}
    packages: dict[str, str]
    torch: str
    machine: str = ""
    metrics: dict[str, float] = {}


def read_header(path: Path) -> Header:
    """The header of a checkpoint, without torch; raises GanError where the file is not one of ours, whole and sound."""
    try:
        layout.table(path)  # which bounds what the library will read
        # pread: mapping the file would kill the process if it were cut short while open.
        with safe_open(path, framework="np", backend="pread") as file:
            text = (file.metadata() or {}).get(KEY)
    except (*UNREADABLE, OSError) as error:
        raise _unreadable(path, error) from error
    if text is None:
        raise GanError(f"{clean(path)} is a safetensors file, but no checkpoint of gancli.")
    try:
        return Header.model_validate(_migrated(json.loads(text), path))
    except ValidationError as error:
        fault = error.errors()[0]
        where = clean(".".join(map(str, fault["loc"])))[:80]
        raise _damaged(path, f"{where}: {clean(fault['msg'])}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(path, "it is not what was written") from error


def save(path: Path, tensors: Mapping[str, "Tensor"], header: Header) -> None:
    """Write a checkpoint of contiguous tensors on the CPU, whole or not at all; raises GanError.

    The digests of the tensors, and one of the header itself, are added to it.
    """
    document = {"format": FORMAT, **header.model_dump(mode="json")}
    document["digests"] = {name: digest(tensor) for name, tensor in tensors.items()}
    text = json.dumps({**document, "digest": _seal(document)}, sort_keys=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        layout.write(file, tensors, {KEY: text})


def load(path: Path, header: Header, prefixes: tuple[str, ...] = ("",)) -> dict[str, "Tensor"]:
    """The tensors whose names begin with one of the prefixes, on the CPU, each checked against its digest."""
    try:
        with safe_open(path, framework="pt", backend="pread") as file:
            names = [name for name in file.keys() if name.startswith(prefixes)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
    except (*UNREADABLE, OSError) as error:
        raise _unreadable(path, error) from error
    for name, tensor in tensors.items():
        if header.digests.get(name) != digest(tensor):
            raise _differs(path, name)
    return tensors


def verify(path: Path) -> Header:
    """The header of a checkpoint all of whose bytes are what was written, without torch; raises GanError if not."""
    header = read_header(path)
    left = dict(header.digests)
    try:
        for name, found in layout.digests(path):
            if left.pop(name, "") != found:
                raise _differs(path, name)
    except (*UNREADABLE, OSError) as error:
        raise _unreadable(path, error) from error
    if left:
        raise _damaged(path, f"{clean(min(left))[:80]} is not there")
    return header


def part(tensors: Mapping[str, "Tensor"], prefix: str) -> dict[str, "Tensor"]:
    """The tensors under a prefix such as `G.`, named without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def digest(tensor: "Tensor") -> str:
    """A digest of a tensor's bytes, type and shape."""
    return layout.digest(f"{tensor.dtype} {list(tensor.shape)} ", iter([layout.raw(tensor.contiguous())]))


def _migrated(document: Any, path: Path) -> dict[str, Any]:
    """A header as this version writes it; raises GanError for a format that is newer, or not what was written."""
    found = document.pop("format")
    if found == 1:  # without a digest of its own; what it lacks has a default
        return document
    if found != FORMAT:
        raise GanError(f"{clean(path)} has checkpoint format {clean(found)[:20]}.", "Update gancli.")
    if document.pop("digest") != _seal({"format": found, **document}):
        raise ValueError("the header differs from its digest")
    return document


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).hexdigest()


def _differs(path: Path, name: str) -> GanError:
    return GanError(
        f"{clean(path)} is damaged: {clean(name)[:80]} differs from its digest.", "Use another checkpoint of the run."
    )


def _damaged(path: Path, why: str) -> GanError:
    return GanError(f"{clean(path)} has a damaged header ({why}).", "Use another checkpoint of the run.")


def _unreadable(path: Path, error: Exception) -> GanError:
    if isinstance(error, FileNotFoundError):
        return GanError(f"There is no checkpoint {clean(path)}.")
    if isinstance(error, OSError):
        return GanError(f"{clean(path)} cannot be read: {error.strerror}.")
    return GanError(
        f"{clean(path)} is no safetensors file, or a damaged one ({clean(error)[:200]}).",
        "gancli reads only safetensors; a .pt or .pth file could run code, and is never opened.",
    )

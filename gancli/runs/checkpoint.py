"""One safetensors file that rebuilds a run: weights, optimisers, state, a JSON header. Nothing is ever unpickled."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gancli.base import tensor_file
from gancli.base.errors import GanError, UsageError
from gancli.base.tensor_file import Damaged, NotSafetensors, Place, TensorFile
from gancli.base.text import clean, plural
from gancli.base.units import bytes_text
from gancli.data.images import Spec

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2
KEY = "gancli"
SIDE = 8192  # pixels
VALUES = 2**24  # of one image: 2048x2048 in four channels
DEPTH = 6  # of nested settings
ROOM = 4  # times as much as a training begins with: optimizers and losses add tensors

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
    if not _fits(spec):
        raise ValueError("there are no such images")
    return spec


def _fits(spec: Spec) -> bool:
    """Whether images are of a size that is made at all."""
    return all(1 <= side <= SIDE for side in spec.shape) and prod(spec.shape) <= VALUES


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


class Checkpoint:
    """A checkpoint, open to be read: its header, its table, and its tensors, each held against its digest once.

    Raises GanError where the file is none of ours, or is not what was written. Torch is imported for tensors only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _readable(path):
            self._file = TensorFile(path)
        try:
            self.header = _header(self._file)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; what was read stays."""
        self._file.close()

    @property
    def table(self) -> Mapping[str, Place]:
        """The type, the shape and the place of every tensor, by name."""
        return self._file.table

    def tensors(self, *prefixes: str) -> dict[str, "Tensor"]:
        """The tensors whose names begin with one of the prefixes, all without any, on the CPU; raises GanError."""
        names = [name for name in self.table if name.startswith(prefixes or ("",))]
        with _readable(self.path):
            return self._file.tensors(names, self.header.digests)

    def verify(self) -> None:
        """Read all bytes; raises GanError unless they are what was written."""
        with _readable(self.path):
            self._file.verify(self.header.digests)


def read_header(path: Path) -> Header:
    """The header of a checkpoint; raises GanError where the file is not one of ours."""
    with Checkpoint(path) as checkpoint:
        return checkpoint.header


def verify(path: Path) -> Header:
    """The header of a checkpoint all of whose bytes are what was written; raises GanError if not."""
    with Checkpoint(path) as checkpoint:
        checkpoint.verify()
        return checkpoint.header


def save(path: Path, tensors: Mapping[str, "Tensor"], header: Header) -> None:
    """Write a checkpoint of contiguous tensors on the CPU, whole or not at all; raises GanError."""
    tensor_file.write(path, KEY, _document(header), tensors)


def check_images(spec: Spec) -> None:
    """Raise UsageError for images that are larger than a checkpoint may speak of."""
    if not _fits(spec):
        raise UsageError(
            f"Images of {spec.height}x{spec.width} in {plural(spec.channels, 'channel')} are too large: a model's have "
            f"sides of {SIDE:,} pixels and {VALUES:,} values at most.",
            "Give a smaller --size.",
        )


def check(tensors: Mapping[str, "Tensor"], spec: Spec) -> None:
    """Raise GanError where a training of such images that begins with these tensors could not be saved.

    That is a tensor of a type that no file holds, or so many names of tensors and classes that no file would be read.
    """
    size = tensor_file.table_size(KEY, {"spec": spec.document()}, tensors)
    most = tensor_file.LONGEST // ROOM
    if size > most:
        raise GanError(
            f"This training could not be saved: the names of {len(spec.classes):,} classes and "
            f"{plural(len(tensors), 'tensor')} take {bytes_text(size)}, and there is room for {bytes_text(most)}.",
            "Give classes shorter names, or choose networks of fewer layers.",
        )


def part(tensors: Mapping[str, "Tensor"], prefix: str) -> dict[str, "Tensor"]:
    """The tensors under a prefix such as `G.`, named without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _document(header: Header) -> dict[str, Any]:
    return {"format": FORMAT, **header.model_dump(mode="json", exclude={"digests"})}


def _header(file: TensorFile) -> Header:
    """What a file says under our key; raises GanError where it is no checkpoint, of a newer format, or damaged."""
    path = file.path
    if KEY not in file.metadata:
        raise GanError(f"{clean(path)} is a safetensors file, but no checkpoint of gancli.")
    try:
        return Header.model_validate(_migrated(file.document(KEY), path))
    except ValidationError as error:
        fault = error.errors()[0]
        where = clean(".".join(map(str, fault["loc"])))[:80]
        raise _damaged_header(path, f"{where}: {clean(fault['msg'])}") from error
    except Damaged as error:
        raise _damaged_header(path, str(error)) from error


def _migrated(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """A header as this version writes it; raises GanError for a format that is newer, Damaged for none."""
    match document.get("format"):
        case int(number) if number == FORMAT:
            return tensor_file.unsealed(document)
        case int(number) if number == 1:  # without a digest of its own; what it lacks has a default
            return document
        case None:
            raise Damaged("it does not say its format")
        case other:
            raise GanError(f"{clean(path)} has checkpoint format {clean(other)[:20]}.", "Update gancli.")


def _damaged_header(path: Path, why: str) -> GanError:
    return GanError(f"{clean(path)} has a damaged header ({why}).", "Use another checkpoint of the run.")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What the disk or the file's bytes do not give is one line: GanError."""
    try:
        yield
    except FileNotFoundError as error:
        raise GanError(f"There is no checkpoint {clean(path)}.") from error
    except OSError as error:
        raise GanError(f"{clean(path)} cannot be read: {error.strerror or error}.") from error
    except Damaged as error:
        raise GanError(f"{clean(path)} is damaged: {error}.", "Use another checkpoint of the run.") from error
    except NotSafetensors as error:
        raise GanError(
            f"{clean(path)} is no safetensors file, or a damaged one ({clean(error)[:200]}).",
            "gancli reads only safetensors; a .pt or .pth file could run code, and is never opened.",
        ) from error

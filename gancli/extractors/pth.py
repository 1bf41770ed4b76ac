"""The tensors of a .pth file, read without unpickling: nothing that it names is imported or called."""

import pickletools
import struct
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor

TYPES = {
    "torch FloatStorage": torch.float32,
    "torch DoubleStorage": torch.float64,
    "torch HalfStorage": torch.float16,
    "torch LongStorage": torch.int64,
}
ITEMS: dict[str, Any] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
MARK = object()


class Call(NamedTuple):
    """A call that a pickle asks for, recorded and never made: the name of the function, and its arguments."""

    function: str
    args: tuple[Any, ...]


def tensors(raw: bytes) -> dict[str, Tensor]:
    """Return by name the tensors of a saved state_dict, in torch's zip format or the older one; raises ValueError."""
    try:
        entries, storages = _zipped(raw) if raw.startswith(b"PK") else _legacy(BytesIO(raw))
        return {name: _tensor(call, storages) for name, call in entries.items()}
    except (BadZipFile, LookupError, ValueError, TypeError, AttributeError, struct.error, RuntimeError) as error:
        raise ValueError(f"no state_dict of plain tensors ({type(error).__name__}: {error})") from error


def _zipped(raw: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    with ZipFile(BytesIO(raw)) as file:
        (pickle,) = (name for name in file.namelist() if name.endswith("/data.pkl"))
        place = pickle.removesuffix("data.pkl") + "data/"
        entries = _read_pickle(BytesIO(file.read(pickle)))
        return entries, {name.removeprefix(place): file.read(name) for name in file.namelist() if place in name}


def _legacy(file: BinaryIO) -> tuple[dict[str, Any], dict[str, bytes]]:
    for _ in ("magic number", "version", "system"):
        _read_pickle(file)
    entries, keys = _read_pickle(file), _read_pickle(file)
    types = {call.args[0][2]: TYPES[call.args[0][1]] for call in entries.values()}
    storages = {}
    for key in keys:
        (length,) = struct.unpack("<q", file.read(8))
        storages[key] = file.read(length * types[key].itemsize)
    return entries, storages


def _tensor(call: Call, storages: Mapping[str, bytes]) -> Tensor:
    if call.function != "torch._utils _rebuild_tensor_v2":
        raise TypeError(f"a {call.function}")
    (_, kind, key, *_), offset, size, stride = call.args[:4]
    whole = torch.frombuffer(bytearray(storages[key]), dtype=TYPES[kind])
    return whole.as_strided(size, stride, offset).clone(memory_format=torch.contiguous_format)


def _read_pickle(file: BinaryIO) -> Any:
    """Return the value of one pickle: numbers, texts, tuples, lists and dicts as they are, and calls as Call."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(file):
        _follow(opcode.name, argument, stack, memo)
    return stack[-1]


def _follow(name: str, argument: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    """Apply an opcode to the stack and memo of a pickle; raises TypeError for one that plain tensors do not need."""
    match name:
        case "PROTO" | "STOP" | "BINPERSID":
            pass  # the name of a storage stays the tuple that it is
        case "BINPUT" | "LONG_BINPUT":
            memo[argument] = stack[-1]
        case "BUILD":
            stack.pop()  # the attributes of a state_dict: versions of its layers
        case "REDUCE":
            args, function = stack.pop(), stack.pop()
            stack.append({} if function == "collections OrderedDict" else Call(function, args))
        case "TUPLE1" | "TUPLE2" | "TUPLE3" | "TUPLE" | "APPENDS" | "SETITEM" | "SETITEMS":
            _collect(name, stack)
        case _:
            stack.append(_pushed(name, argument, memo))


def _pushed(name: str, argument: Any, memo: dict[int, Any]) -> Any:
    """The value that an opcode pushes."""
    match name:
        case "MARK":
            return MARK
        case "BINGET" | "LONG_BINGET":
            return memo[argument]
        case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
            return ITEMS[name]()
        case "NONE" | "NEWTRUE" | "NEWFALSE":
            return CONSTANTS[name]
        case "GLOBAL" | "BINUNICODE" | "BININT" | "BININT1" | "BININT2" | "LONG1" | "SHORT_BINSTRING" | "BINSTRING":
            return argument
        case _:
            raise TypeError(f"a pickle with {name}")


def _collect(name: str, stack: list[Any]) -> None:
    """Apply an opcode that puts items from the top of the stack into a tuple, a list or a dict."""
    match name:
        case "TUPLE":
            stack.append(tuple(_marked(stack)))
        case "APPENDS":
            items = list(_marked(stack))
            stack[-1].extend(items)
        case "SETITEM" | "SETITEMS":
            pairs = list(_marked(stack)) if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))
        case _:
            count = int(name.removeprefix("TUPLE"))
            stack[-count:] = [tuple(stack[-count:])]


def _marked(stack: list[Any]) -> Iterator[Any]:
    """Take the items above the last mark, and the mark, off the stack; return the items."""
    place = len(stack) - 1 - next(i for i, item in enumerate(reversed(stack)) if item is MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return iter(items)

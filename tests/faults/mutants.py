"""Checkpoints that a stranger might send: bytes, header fields, names, shapes and types that are not as they were."""

import json
import random
from collections.abc import Callable
from typing import Any

HUGE = [0, -1, 1, 2**31, 2**62, 2**63, 2**64, 10**30, 1e308, -1e308, float("nan"), float("inf"), 0.5]
ODD = [
    None,
    True,
    "",
    "x" * 5000,
    "../../etc/passwd",
    "\x1b[2J\x1b]0;x\x07",
    "\u202e[/]",
    [],
    {},
    [[]],
    [1, 2],
    {"a": 1},
]
NAMES = ["dcgan", "gan", "cgan", "wgan-gp", "gancli/gan", "os:system", "resnet", "../gan", "digits", "G_ema", "D_ema"]
DTYPES = ["F64", "F32", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "C64", "F4", "X"]
FORMATS = [0, 1, 2, 3, "2", None, [2], True]
SIZES = [1, 2, 4, 7, 8, 16, 64, 512, 8192, 65536]


class Mutator:
    """Makes mutants of one whole checkpoint."""

    def __init__(self, whole: bytes, seed: int) -> None:
        self.whole, self.rng = whole, random.Random(seed)
        length = int.from_bytes(whole[:8], "little")
        self.table, self.data = json.loads(whole[8 : 8 + length]), whole[8 + length :]

    def __call__(self) -> bytes:
        """The next one."""
        kinds: list[Callable[[], bytes]] = [self._bytes, self._cut, self._header, self._header, self._header]
        return self.rng.choice([*kinds, self._table, self._table, self._deep])()

    def _bytes(self) -> bytes:
        """Some bytes are others."""
        data = bytearray(self.whole)
        for _ in range(self.rng.choice([1, 2, 8, 100])):
            # Half of them where the structure is.
            end = len(data) if self.rng.random() < 0.5 else min(len(data), len(data) - len(self.data))
            data[self.rng.randrange(end)] = self.rng.randrange(256)
        return bytes(data)

    def _cut(self) -> bytes:
        """Something is missing, or too much."""
        at = self.rng.randrange(len(self.whole))
        more = self.rng.choice([b"", self.whole, bytes(1000), self.rng.randbytes(100)])
        return self.whole[:at] + more

    def _header(self) -> bytes:
        """Fields of our header are others, and its digest and those of the tensors are left or made to fit."""
        table = json.loads(json.dumps(self.table))
        header = json.loads(table["__metadata__"]["gancli"])
        for _ in range(self.rng.choice([1, 1, 1, 2, 4])):
            self._change(header)
        if self.rng.random() < 0.7:  # as somebody would who means it: an older format has no digest
            header.pop("digest", None)
            header["format"] = self.rng.choice([1, 1, 1, 1, *FORMATS])
        table["__metadata__"]["gancli"] = json.dumps(header)
        return self._file(table)

    def _table(self) -> bytes:
        """Tensors have other names, types, shapes or places."""
        table = json.loads(json.dumps(self.table))
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            name = self.rng.choice([key for key in table if key != "__metadata__"])
            entry = table[name]
            kind = self.rng.randrange(5)
            if kind == 0:
                table[self._odd_name(name)] = table.pop(name)
            elif kind == 1:
                entry["dtype"] = self.rng.choice(DTYPES)
            elif kind == 2:
                entry["shape"] = self._shape(entry["shape"])
            elif kind == 3:
                entry["data_offsets"] = [self.rng.choice([*HUGE, each]) for each in entry["data_offsets"]]
            else:
                del table[name]
        return self._file(table)

    def _deep(self) -> bytes:
        """Nesting without end, or a header of nothing."""
        depth = self.rng.choice([10, 100, 10_000, 200_000])
        nested = self.rng.choice(["[", '{"a":']) * depth
        text = self.rng.choice([nested, json.dumps({"__metadata__": {"gancli": nested}}), "null", "[]", '"x"', "{}"])
        return len(text).to_bytes(8, "little") + text.encode() + self.data

    def _change(self, part: Any) -> None:
        """Somewhere in nested settings something is gone, another, or too much."""
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                return
            key = self.rng.choice(keys)
            if isinstance(part[key], dict | list) and part[key] and self.rng.random() < 0.85:
                part = part[key]
                continue
            if self.rng.random() < 0.2:
                del part[key]
            else:
                part[key] = self.rng.choice([*HUGE, *ODD, *NAMES, *SIZES, *SIZES])
            return

    def _odd_name(self, name: str) -> str:
        return self.rng.choice(
            [*map(str, ODD), name + "x", name.upper(), "G_ema." + "y" * 300, "__metadata__ ", "G_ema."]
        )

    def _shape(self, shape: list[int]) -> list[Any]:
        return self.rng.choice([shape[::-1], [*shape, 1], shape[1:], [*shape[:-1], self.rng.choice(HUGE)], [0, 2**62]])

    def _file(self, table: Any) -> bytes:
        text = json.dumps(table).encode()
        return len(text).to_bytes(8, "little") + text + self.data

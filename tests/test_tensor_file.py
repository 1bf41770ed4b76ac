"""Tensors on disk: one kind of file for all that is kept, read by the library, and noticed where it has changed."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.base.tensor_file import Damaged, NotSafetensors, TensorFile

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.uint16,
    torch.int16,
    torch.uint32,
    torch.int32,
    torch.uint64,
    torch.int64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
]
DOCUMENT = {"version": 7, "name": "ü", "shares": [0.1, None]}


def one_of_each() -> dict[str, Tensor]:
    """Tensors of every type that is kept, of no, one, two and three axes, and without items."""
    shapes: list[tuple[int, ...]] = [(), (3,), (2, 5), (0, 4), (1, 2, 3)]
    rng = torch.Generator().manual_seed(0)
    return {
        f"{dtype} {shape}": torch.randint(0, 2, shape, generator=rng).to(dtype) for dtype in DTYPES for shape in shapes
    }


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        each.dtype == other[name].dtype
        and each.shape == other[name].shape
        and bytes(tensor_file._raw(each)) == bytes(tensor_file._raw(other[name]))
        for name, each in one.items()
    )


def test_what_is_written_is_read_again_and_by_the_library_too(tmp_path: Path) -> None:
    path, tensors = tmp_path / "x.safetensors", one_of_each()
    tensor_file.write(path, "about", DOCUMENT, tensors)
    document, read = tensor_file.read(path, "about")
    assert document == DOCUMENT
    assert same(read, tensors)
    assert same(load_file(path), tensors)


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    path, tensors = tmp_path / "x.safetensors", one_of_each()
    save_file(tensors, path)
    with TensorFile(path) as file:
        assert same(file.tensors(file.table, None), tensors)


@pytest.mark.parametrize("odd", [torch.zeros(2, dtype=torch.complex128), torch.eye(2).to_sparse()])
def test_a_tensor_that_no_file_can_hold_is_named(odd: Tensor, tmp_path: Path) -> None:
    with pytest.raises(GanError, match=r"odd\.one is (complex128|sparse_coo), which no safetensors file holds"):
        tensor_file.table_size("about", {}, {"odd.one": odd})
    assert not list(tmp_path.iterdir())


def test_the_size_of_a_table_is_known_before_it_is_written(tmp_path: Path) -> None:
    path, tensors = tmp_path / "x.safetensors", one_of_each()
    tensor_file.write(path, "about", DOCUMENT, tensors)
    assert tensor_file.table_size("about", DOCUMENT, tensors) == int.from_bytes(path.read_bytes()[:8], "little")


def test_a_table_that_would_not_be_read_back_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_file, "LONGEST", 10_000)
    with pytest.raises(GanError, match=r"its table would have 20,\d+ bytes"):
        tensor_file.write(tmp_path / "x.safetensors", "about", {"names": "n" * 20_000}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document | {"version": 8},
        lambda document: document | {"more": 1},
        lambda document: document | {"digests": {}},
        lambda document: document | {"digest": None},
        lambda document: {},
        lambda document: [],
        lambda document: None,
    ],
)
def test_a_document_that_was_changed_is_refused(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensor_file.write(path, "about", DOCUMENT, {"a": torch.ones(3)})
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    table = json.loads(raw[8 : 8 + size])
    table["__metadata__"]["about"] = json.dumps(change(json.loads(table["__metadata__"]["about"])))
    text = json.dumps(table).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + size :])
    with pytest.raises(Damaged):
        tensor_file.read(path, "about")


def test_any_byte_that_was_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensor_file.write(path, "about", DOCUMENT, {"a": torch.ones(3), "b": torch.zeros(2, dtype=torch.int64)})
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 4
        path.write_bytes(changed)
        with pytest.raises((Damaged, NotSafetensors)):
            tensor_file.read(path, "about")


def test_a_mistake_in_a_call_is_not_taken_for_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    tensor_file.write(path, "about", DOCUMENT, {"a": torch.ones(3)})

    def older(path: Path, framework: str) -> None:
        """As a release of the library that does not know one of the arguments."""

    monkeypatch.setattr(tensor_file, "safe_open", older)
    with pytest.raises(TypeError, match="backend"):
        tensor_file.read(path, "about")

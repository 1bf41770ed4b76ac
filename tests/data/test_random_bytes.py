"""Whatever bytes a reader is given, it reads them or says in its own words that it cannot."""

import gzip
import io
import tarfile
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import zoo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sources import load

from gancli.base.errors import GanError

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/1.png", zoo.PNG)
        archive.writestr("b/2.jpg", zoo.JPEG)
    return file.getvalue()


def tarred(mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name in ("a/1.png", "b/2.png"):
            info = tarfile.TarInfo(name)
            info.size = len(zoo.PNG)
            archive.addfile(info, io.BytesIO(zoo.PNG))
    return file.getvalue()


def numpy_file(compressed: bool) -> bytes:
    file = io.BytesIO()
    array = np.arange(12 * 8 * 8, dtype=np.uint8).reshape(12, 8, 8)
    if compressed:
        np.savez_compressed(file, images=array, labels=np.arange(12))
    else:
        np.save(file, array)
    return file.getvalue()


IDX = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (12, 8, 8)) + bytes(12 * 64)

READERS = {
    "x.zip": zipped(),
    "x.tar": tarred(),
    "x.tar.gz": tarred("w:gz"),
    "x.tar.xz": tarred("w:xz"),
    "x.npy": numpy_file(False),
    "x.npz": numpy_file(True),
    "x-idx3-ubyte": IDX,
    "x-idx3-ubyte.gz": gzip.compress(IDX),
    "x.csv": b"file,label\nx.png,cat\n",
    "x.jsonl": b'{"file": "x.png", "label": "cat"}\n',
    "folder/x.png": zoo.PNG,
    "folder/x.jpg": zoo.JPEG,
    "folder/x.gif": zoo.saved(zoo.noise("P"), "GIF"),
    "folder/x.tiff": zoo.saved(zoo.noise(), "TIFF"),
    "folder/x.webp": zoo.saved(zoo.noise(), "WEBP"),
}
each_reader = pytest.mark.parametrize("name", READERS)


def attempt(name: str, data: bytes) -> None:
    """Load a file of these bytes; only errors of our own are allowed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        source = path.parent if name.startswith("folder") else path
        with suppress(GanError):
            load(source, size=8, cache_limit=0)


@each_reader
@few
@given(data=st.binary(max_size=2000))
def test_random_bytes(name: str, data: bytes) -> None:
    attempt(name, data)


@each_reader
@few
@given(at=st.floats(0, 1), new=st.binary(min_size=1, max_size=12), cut=st.booleans())
def test_a_good_file_with_some_bytes_overwritten(name: str, at: float, new: bytes, cut: bool) -> None:
    good = READERS[name]
    start = int(at * (len(good) - 1))
    attempt(name, good[:start] + new + (b"" if cut else good[start + len(new) :]))


@each_reader
def test_the_good_file_is_good(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(READERS[name])
    (tmp_path / "x.png").write_bytes(zoo.PNG)
    assert len(load(path.parent if name.startswith("folder") else path, size=8)) >= 1

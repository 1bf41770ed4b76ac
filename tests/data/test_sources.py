"""Every kind of source gives its images, its labels and the names of its classes."""

import gzip
import itertools
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zoo
from conftest import Gan
from fake_package import hook, installed
from PIL import Image
from sources import dataset, load, opened

from gancli.base.errors import GanError, UsageError
from gancli.data.stream import Source

RNG = np.random.default_rng(1)
GRAYS = RNG.integers(0, 256, (12, 16, 16), dtype=np.uint8)
SHADES = [10, 120, 240]


def classes_in(place: Path, names: list[str], each: int = 3) -> Path:
    """A folder a class, each of its own shade."""
    for shade, name in zip(SHADES, names, strict=True):
        (place / name).mkdir(parents=True)
        for number in range(each):
            picture = zoo.Image.new("RGB", (16, 16), (shade, shade, shade))
            picture.putpixel((number, 0), (1, 2, 3))
            picture.save(place / name / f"{number}.png")
    return place


def check_shades(images, names: list[str]) -> None:
    """Whether each label names the class whose shade the image has."""
    shade = dict(zip(names, SHADES, strict=True))
    for row in range(len(images)):
        assert images.pixels[np.array([row])][0, 0, 8, 8] == shade[images.classes[images.labels[row]]]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["cat", "dog", "axolotl"], ["axolotl", "cat", "dog"]),
        (["2", "10", "1"], ["1", "2", "10"]),
        (["7", "99", "-3"], ["-3", "7", "99"]),
        (["a,b", "ü", "x y"], ["a,b", "x y", "ü"]),
    ],
)
def test_folders_are_classes_sorted_by_name_or_number(names: list[str], order: list[str], tmp_path: Path) -> None:
    images = load(classes_in(tmp_path / "pictures", names))
    assert list(images.classes) == order
    check_shades(images, names)


@pytest.mark.parametrize(
    "kind", ["zip", "tar", "tar.gz", "csv", "csv-bare", "tsv", "jsonl", "npz", "npz-words", "npz-idx"]
)
def test_every_kind_knows_its_labels(kind: str, tmp_path: Path) -> None:
    names = ["5", "17", "3"] if kind in {"npz", "npz-idx"} else ["cat", "dog", "emu"]
    images = load(packed(kind, classes_in(tmp_path / "pictures", names), tmp_path))
    assert sorted(images.classes) == sorted(names)
    assert np.bincount(images.labels).tolist() == [3, 3, 3]
    check_shades(images, names)


def packed(kind: str, folder: Path, place: Path) -> Path:
    """The class folders as another kind of source."""
    files = sorted(folder.rglob("*.png"))
    if kind == "zip":
        with zipfile.ZipFile(place / "x.zip", "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(place))
        return place / "x.zip"
    if kind.startswith("tar"):
        with tarfile.open(place / f"x.{kind}", "w:gz" if kind.endswith("gz") else "w") as archive:
            for file in reversed(files):
                archive.add(file, str(file.relative_to(place)))
        return place / f"x.{kind}"
    if kind.startswith("npz"):
        labels = [file.parent.name if kind == "npz-words" else int(file.parent.name) for file in files]
        pixels = np.stack([np.asarray(zoo.Image.open(file)) for file in files])
        np.savez(place / "x.npz", images=pixels, labels=np.array(labels, np.float32 if kind == "npz" else None))
        return place / "x.npz"
    return table(kind, folder, files)


def table(kind: str, folder: Path, files: list[Path]) -> Path:
    rows = [(str(file.relative_to(folder)), file.parent.name) for file in files]
    path = folder / f"list.{kind.removesuffix('-bare')}"
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps({"file_name": name, "label": label, "more": [1]}) for name, label in rows))
    else:
        separator = "\t" if kind == "tsv" else ","
        head = [] if kind == "csv-bare" else [("Filename", "Class")]
        path.write_text("\n".join(separator.join(row) for row in [*head, *rows]))
    return path


def test_a_table_says_what_it_lacks(tmp_path: Path) -> None:
    folder = classes_in(tmp_path / "pictures", ["a", "b", "c"])
    path = folder / "list.csv"
    path.write_text("file,label\na/0.png,x\nb/0.png,\ngone.png,x\n,y\n")
    images = load(path)
    assert [tuple(each) for each in images.skipped] == [
        ("b/0.png", "no label"),
        ("", "no file"),
        ("gone.png", "missing"),
    ]
    path.with_suffix(".jsonl").write_text('{"url": "a"}\n')
    with pytest.raises(GanError, match="no column that names files: there are url"):
        load(path.with_suffix(".jsonl"))


def test_a_picture_by_itself_is_a_folder_of_one(tmp_path: Path) -> None:
    for shade in (10, 200):
        Image.new("L", (8, 8), shade).save(tmp_path / f"{shade}.png")
    images = load(tmp_path / "200.png")
    assert images.pixels[:].tolist() == [[[[200] * 8] * 8]]
    assert images.labels is None
    assert opened(tmp_path / "200.png").name(0) == "200.png"


def test_of_folders_called_train_and_test_the_first_is_taken(tmp_path: Path) -> None:
    for part in ("train", "test"):
        classes_in(tmp_path / "set" / part, ["a", "b", "c"])
    images = load(tmp_path / "set")
    assert (len(images), images.classes) == (9, ("a", "b", "c"))
    assert "train is taken, test left out" in images.notes[0]


def idx(place: Path, name: str, array: np.ndarray) -> Path:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path = place / name
    data = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_with_labels_that_are_not_contiguous(ending: str, tmp_path: Path) -> None:
    idx(tmp_path, f"t10k-images-idx3-ubyte{ending}", GRAYS[:3])
    idx(tmp_path, f"train-images-idx3-ubyte{ending}", GRAYS)
    idx(tmp_path, f"train-labels-idx1-ubyte{ending}", np.array([3, 7, 200] * 4))
    images = load(tmp_path)
    assert images.classes == ("3", "7", "200")
    assert np.array_equal(images.pixels[:][:, 0], GRAYS)
    assert images.labels.tolist() == [0, 1, 2] * 4
    only = load(tmp_path, classes="200,3")
    assert only.classes == ("200", "3")
    assert np.array_equal(only.pixels[:][:, 0], np.delete(GRAYS, slice(1, None, 3), 0))


LAYOUTS = {
    "NHW": (9, 16, 16),
    "HWN": (16, 16, 9),
    "NHWC": (9, 16, 12, 3),
    "NCHW": (9, 4, 16, 12),
    "HWCN": (16, 12, 3, 90),
}


@pytest.mark.parametrize(("layout", "shape"), LAYOUTS.items())
@pytest.mark.parametrize("asked", [True, False])
def test_arrays_in_any_layout(layout: str, shape: tuple[int, ...], asked: bool, tmp_path: Path) -> None:
    array = RNG.integers(0, 256, shape, dtype=np.uint8)
    np.save(tmp_path / "a.npy", array)
    images = load(tmp_path / "a.npy", channels=4 if 4 in shape else "auto", **({"layout": layout} if asked else {}))
    axes = [layout.index(axis) for axis in "NCHW" if axis in layout]
    expected = array.transpose(axes)
    assert np.array_equal(images.pixels[:], expected if "C" in layout else expected[:, None])


def test_labels_of_idx_that_change_are_other_images(tmp_path: Path) -> None:
    idx(tmp_path, "train-images-idx3-ubyte", GRAYS)
    idx(tmp_path, "train-labels-idx1-ubyte", np.array([0, 1, 1] * 4))
    first = load(tmp_path, size=8, classes="1")
    idx(tmp_path, "train-labels-idx1-ubyte", np.array([1, 0, 0] * 4))
    second = load(tmp_path, size=8, classes="1")
    assert [len(first), len(second)] == [8, 4]
    assert np.array_equal(second.pixels[:], load(tmp_path, size=8).pixels[::3])


def test_arrays_of_an_absurd_shape_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((20, 8, 512), np.uint8))
    with pytest.raises(GanError, match="20 absurd shape"):
        load(tmp_path / "a.npy", layout="NHW", size="8x512")


def test_arrays_are_prepared_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("gancli.data.workers._pool", unwanted)
    np.save(tmp_path / "a.npy", RNG.integers(0, 256, (600, 16, 12), dtype=np.uint8))
    for limit in (0, "1GB"):
        assert load(tmp_path / "a.npy", size=8, workers=4, cache_limit=limit).pixels[:].shape == (600, 1, 8, 8)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((16, 16, 16), np.uint8), "may be NHW or HWN. Say which: --layout NHW"),
        (np.zeros((30, 20, 16), np.uint8), "holds an array of shape"),
        (np.zeros((8, 3, 16, 3), np.uint8), "holds an array of shape"),
        (np.zeros((0, 8, 8), np.uint8), "holds no images"),
        (np.zeros((5, 8, 8)) + np.nan, "holds values from nan"),
        (np.linspace(-5, 700, 640).reshape(10, 8, 8), "--range -5,700"),
        (np.array([["a"]]), "holds an array of shape"),
        (np.full((9, 8, 8), "a"), "not numbers"),
        (np.array([{}], object), "cannot be read as a numpy file"),
    ],
)
def test_arrays_that_need_another_word(array: np.ndarray, told: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(GanError) as refused:
        load(tmp_path / "a.npy")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("f4", 0, 1), ("f8", -1, 1), ("f2", 0, 255), ("u2", 0, 65535), ("i8", 0, 255), ("?", 0, 1)],
)
def test_numbers_of_any_range_become_bytes(dtype: str, low: float, high: float, tmp_path: Path) -> None:
    values = np.linspace(low, high, 256).round(6 if dtype[0] == "f" else 0).astype(dtype)
    np.save(tmp_path / "a.npy", values.reshape(4, 8, 8).repeat(3, 0))
    pixels = load(tmp_path / "a.npy").pixels[:]
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert (np.diff(pixels[::3].reshape(-1).astype(int)) >= 0).all()


def test_a_range_says_what_is_black_and_white(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((6, 8, 8), 2048, np.uint16))
    assert load(tmp_path / "a.npy").pixels[:].max() == 8
    assert load(tmp_path / "a.npy", range="0,4096").pixels[:].max() in {127, 128}


def test_limit_takes_some_of_every_class(tmp_path: Path) -> None:
    images = load(classes_in(tmp_path / "pictures", ["a", "b", "c"], 10), limit=12)
    assert len(images) == 12
    assert len(np.unique(images.labels)) == 3
    with pytest.raises(UsageError, match=r"no class 'cat'\. There are: a, b, c"):
        load(tmp_path / "pictures", classes="a,cat")


def test_torchvision_by_name(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        idx(raw, f"{part}-images-idx3-ubyte", GRAYS)
        idx(raw, f"{part}-labels-idx1-ubyte", np.arange(12) % 10)
    images = load("torchvision:mnist", root=str(tmp_path))
    assert np.array_equal(images.pixels[:][:, 0], GRAYS)
    assert images.classes[0].startswith("0")
    with pytest.raises(UsageError, match=r"CIFAR10 unpickles its files.*folder or a zip"):
        load("torchvision:CIFAR10")
    with pytest.raises(UsageError, match="torchvision:nonsense is not offered"):
        load("torchvision:nonsense")
    with pytest.raises(GanError, match="Let gan fetch it with --download"):
        load("torchvision:FashionMNIST", root=str(tmp_path))
    (tmp_path / "MNIST" / "processed").mkdir()
    (tmp_path / "MNIST" / "processed" / "training.pt").write_bytes(b"pickle")
    with pytest.raises(GanError, match="never unpickles"):
        load("torchvision:MNIST", root=str(tmp_path))


SHARDS = '''
import numpy as np
from pydantic import Field
from gancli import Dataset, Records

class Shards(Dataset):
    """Pictures that a far place makes on demand, eight to a shard."""
    pictures: int = Field(40, ge=1, description="How many there are.")

    @classmethod
    def recognises(cls, path):
        return False

    def open(self):
        return Far(self.pictures)

class Far(Records):
    trusted = True
    def __init__(self, count):
        self.count, self.fingerprint = count, f"far {count}"
        self.labels, self.classes = np.arange(count) % 2, ("even", "odd")
    def __len__(self):
        return self.count
    def picture(self, number):
        if number == 13:
            raise OSError("the network is slow today")
        return np.full((8, 8, 3), number, np.uint8)
    def order(self, rng, numbers):
        shards = np.unique(numbers // 8)
        return np.concatenate([rng.permutation(numbers[numbers // 8 == shard]) for shard in rng.permutation(shards)])
'''


@pytest.mark.parametrize("workers", [0, 2])
def test_a_plugin_streams_from_far_away_in_an_order_of_its_own(workers: int, tmp_path: Path) -> None:
    import torch

    source = SHARDS + hook(("dataset", "shards", "gancli_shards:Shards"))
    with installed(tmp_path / "site", "gancli-shards", source):
        images = load("shards:anything", cache_limit=0, workers=workers, classes="odd")
        assert (len(images), images.spec.shape, images.classes) == (20, (3, 8, 8), ("odd",))
        others = [load("shards:anything", cache_limit=0, workers=0, classes=each) for each in ("odd", "even")]
        assert images.fingerprint == others[0].fingerprint != others[1].fingerprint
        drawn = Source(images, 3, torch.device("cpu"))
        with pytest.warns(UserWarning, match="image 13 can no longer be read"):
            x, _y = drawn.batch(20)
        numbers = ((x[:, 0, 0, 0] + 1) * 127.5).round().int()
        shards = (numbers // 8).tolist()
        assert len(set(shards)) == 5
        assert sum(a != b for a, b in itertools.pairwise(shards)) <= 6
        assert sorted({*numbers.tolist(), 13}) == list(range(1, 40, 2))
        cached = Source(load("shards:anything", classes="odd", limit=40, strict=False), 3, torch.device("cpu"))
        assert len(cached.images) == 19


@pytest.mark.parametrize("names", [["cat", "dog", "emu"], ["3", "70", "9"]])
def test_sample_takes_the_names_of_classes(names: list[str], gan: Gan, tmp_path: Path) -> None:
    folder = classes_in(tmp_path / "pictures", names)
    words = ["--conditional", "--steps", 1, "--batch-size", 2, "--size", 8, "--arch.width", 4, "--display", "none"]
    assert gan("train", folder, *words).code == 0
    for name in names:
        assert gan("sample", "--class", name, "-n", 2).code == 0
    assert "no class" in gan("sample", "--class", "nobody").err


def test_layout_needs_no_prefix_on_the_command_line(gan: Gan, tmp_path: Path) -> None:
    np.save("faces.npy", RNG.integers(0, 256, (16, 16, 16), dtype=np.uint8))
    assert "--layout NHW" in gan("data", "inspect", "faces.npy").err
    assert gan("data", "inspect", "faces.npy", "--layout", "HWN").code == 0
    assert gan("train", "faces.npy", "--layout", "HWN", "--dry-run").code == 0
    refused = gan("train", "digits", "--layout", "HWN", "--dry-run")
    assert refused.code == 2
    assert "layout" in refused.err


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(GanError, match="nothing that gancli can read"):
        load(tmp_path / "empty")
    with pytest.raises(GanError, match="holds no images"):
        opened(f"folder:{tmp_path / 'empty'}")
    with pytest.raises(GanError, match="There is nothing at"):
        dataset("folder:/nowhere/at/all").open()

"""Shards as samples: which image, which class, what is skipped, and the same images in the same order every time."""

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
import torch
from gancli_webdataset.dataset import WebDataset
from PIL import Image

from gancli import Config, GanError, Images, Trainer, find_dataset, resolve
from gancli.testing import Check, Gan, checks

torch.set_num_threads(1)


def png(value: int, side: int = 8) -> bytes:
    """A colour picture of one value."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (value, 255 - value, 7)).save(file, "PNG")
    return file.getvalue()


def write(path: Path, members: Iterable[tuple[str, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def sample(number: int) -> list[tuple[str, bytes]]:
    """An image of that value, of class cat or dog."""
    return [(f"{number:06}.cls", b"cat\n" if number % 2 else b"dog"), (f"{number:06}.png", png(number))]


def shards(folder: Path, count: int = 4, each: int = 9) -> Path:
    """Shards of so many samples, one after another."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        numbers = range(number * each, (number + 1) * each)
        write(folder / f"shard-{number:06}.tar", [part for at in numbers for part in sample(at)])
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shards(tmp_path_factory.mktemp("shards"))


def dataset(source: Path | str, **options: object) -> WebDataset:
    return WebDataset.model_validate({"name": "webdataset", "source": f"webdataset:{source}", "workers": 0, **options})


def values(images: Images) -> list[int]:
    """The value of each picture, in the order of the listing."""
    return images.pixels[np.arange(len(images))][:, 0, 0, 0].tolist()


@pytest.mark.parametrize(
    "check",
    checks(Path(__file__).parents[1], {"data.mix": 2}, source=f"webdataset:{shards(Path(mkdtemp()))}"),
    ids=str,
)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


@pytest.mark.parametrize(
    "pattern", ["", "/shard-{000000..000003}.tar", "/shard-*.tar", "/{shard-00000[01],shard-00000[23]}.tar"]
)
def test_braces_wildcards_and_folders_name_the_same_shards(folder: Path, pattern: str) -> None:
    images = dataset(f"{folder}{pattern}").load()
    assert values(images) == list(range(36))
    assert images.classes == ("cat", "dog")
    assert images.labels is not None
    assert images.labels.tolist() == [1, 0] * 18


def test_a_folder_of_shards_needs_no_prefix_and_other_folders_are_left_to_others(folder: Path, tmp_path: Path) -> None:
    assert find_dataset(str(folder)).name == "webdataset"
    assert find_dataset(str(folder / "shard-000000.tar")).name == "tar"
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    write(tmp_path / "b.tar", sample(1))
    assert find_dataset(str(tmp_path)).name == "folder"


def test_members_of_one_stem_are_a_sample(tmp_path: Path) -> None:
    members = [
        ("a/1.mask.png", png(90)),
        ("a/1.jpg.txt", b"not an image"),
        ("a/1.JPG", png(1)),
        ("a/._1.jpg", b"what systems leave behind"),
        ("b/1.jpg", png(2)),  # the stem has the folder in it
        ("b/1.json", json.dumps({"category": 3.0, "text": "x"}).encode()),
        ("b/1.jpg", png(3)),  # a second sample of that name
        ("b/1.txt", b"zebra"),
    ]
    path = write(tmp_path / "x.tar", members)
    assert values(dataset(path).load()) == [2]  # the others have no class
    assert dataset(path).load().classes == ("3",)
    assert values(dataset(path, label="txt").load()) == [3]
    assert values(dataset(path, label="none").load()) == [90, 2, 3]
    assert values(dataset(path, label="none", image="jpg").load()) == [1, 2, 3]
    assert values(dataset(path, label="none", image="mask.png").load()) == [90]


def test_a_field_of_the_json_is_the_class(tmp_path: Path) -> None:
    documents = [{"label": 10, "colour": "red"}, {"label": 9, "colour": "blue"}, {"label": 10, "colour": [1]}]
    members = [
        part
        for at, document in enumerate(documents)
        for part in ((f"{at}.png", png(at)), (f"{at}.json", json.dumps(document).encode()))
    ]
    path = write(tmp_path / "x.tar", members)
    assert dataset(path).load().classes == ("9", "10")
    images = dataset(path, label="json.colour").load()
    assert images.classes == ("blue", "red")
    assert [each.reason for each in images.skipped] == ["label of several parts"]


def test_what_cannot_be_used_is_skipped_and_counted_by_its_reason(tmp_path: Path) -> None:
    bad: Mapping[str, list[tuple[str, bytes]]] = {
        "damaged": [("1.png", png(1)[:50]), ("1.cls", b"a")],
        "empty file": [("2.png", b""), ("2.cls", b"a")],
        "no image": [("3.png", b"words"), ("3.cls", b"a")],
        "no image in the sample": [("4.txt", b"words"), ("4.cls", b"a")],
        "no label": [("5.png", png(5))],
        "label damaged": [("6.png", png(6)), ("6.json", b"{")],
        "label: too large": [("7.png", png(7)), ("7.cls", b"a" * (2 << 20))],
    }
    write(tmp_path / "a.tar", [part for parts in bad.values() for part in parts] + sample(8))
    write(tmp_path / "b.tar", sample(9) + sample(10))
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(whole[:3600])  # in the middle of the second sample's image
    (tmp_path / "c.tar").write_bytes(b"no tar at all" * 99)
    images = dataset(tmp_path / "{a,b,c,gone}.tar").load()
    assert values(images) == [8, 9]
    reasons = Counter(each.reason.partition(" (")[0] for each in images.skipped)
    others = ("cut off", "archive cut off or damaged", "no tar, or damaged", "missing")
    assert reasons == dict.fromkeys([*bad, *others], 1)
    assert "a.tar/4" in {each.name for each in images.skipped}
    with pytest.raises(GanError, match=r"missing\. Without --strict it is left out"):
        dataset(tmp_path / "{a,gone}.tar", strict=True).load()


def test_what_is_no_shard_is_told_in_one_line(tmp_path: Path) -> None:
    write(tmp_path / "empty.tar", [])
    faults: dict[Path | str, str] = {
        tmp_path / "shard-{0..": "braces in .* do not match",
        tmp_path / "none-*.tar": "There are no shards at",
        tmp_path / "gone-{0..2}.tar": r"holds no images \(3 missing\)",
        tmp_path / "empty.tar": "holds no images",
        "https://example.com/{0..9}.tar": "Shards are files",
        "pipe:cat x.tar": "Shards are files",
    }
    for source, told in faults.items():
        with pytest.raises(GanError, match=told):
            dataset(source).load()


def test_nothing_in_a_shard_is_unpickled(tmp_path: Path) -> None:
    trap = b"cos\nsystem\n(S'touch unpickled'\ntR."
    path = write(tmp_path / "x.tar", [("1.png", png(1)), ("1.pkl", trap), ("1.pyd", trap), ("1.cls", trap)])
    assert len(dataset(path).load()) == 1
    assert len(dataset(path, label="pkl").load()) == 1  # a strange word
    assert not Path("unpickled").exists()


def drawn(images: Images, seed: int, batches: int, at: int = 0) -> list[int]:
    """The values of some batches of 5 from a position on."""
    tiny = Config("test", {"arch.name": "gan", "arch.units": 4, "seed": seed, "device": "cpu"})
    source = Trainer(resolve([tiny]).settings, images).source
    source.seek({"": at})
    x = torch.cat([source.batch(5)[0] for _ in range(batches)])
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_cached_streamed_by_workers_or_resumed_images_come_in_the_same_order(folder: Path) -> None:
    cached, streamed, by_two, trusted = (
        dataset(folder, mix=2, size="8", channels="3", **options).load()
        for options in ({}, {"cache_limit": 0}, {"cache_limit": 0, "workers": 2}, {"cache_limit": 0, "trust": True})
    )
    assert not isinstance(by_two.pixels, np.ndarray)  # they stream
    order = drawn(cached, 3, 20)
    assert sorted(order[:36]) == list(range(36))
    for images in (streamed, by_two, trusted):
        assert drawn(images, 3, 20) == order
    assert drawn(by_two, 3, 4, at=55) == order[55:75]
    assert drawn(cached, 4, 20) != order


def test_an_epoch_goes_through_a_few_shards_at_a_time(folder: Path) -> None:
    order = drawn(dataset(folder, mix=2).load(), 3, 8)[:36]
    first = {value // 9 for value in order[:18]}
    assert len(first) == 2
    assert {value // 9 for value in order[:9]} == first  # both from the beginning
    assert {value // 9 for value in order[18:]} == set(range(4)) - first


def test_a_compressed_shard_is_read_where_it_fits_into_the_cache(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / f"{number}.tar.gz", sample(2 * number) + sample(2 * number + 1), "w:gz")
    assert values(dataset(tmp_path).load()) == [0, 1, 2, 3]
    with pytest.raises(GanError, match="compressed as a whole"):
        dataset(tmp_path, size="9", cache_limit=0).load()


def test_a_changed_shard_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tar", sample(1))
    assert values(dataset(path).load()) == [1]
    write(path, sample(2) + sample(3))
    assert values(dataset(path).load()) == [2, 3]


def test_the_command_inspects_trains_and_samples(
    gan: Gan, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_CACHE", str(tmp_path / "cache"))
    source = f"webdataset:{folder}/shard-{{000000..000003}}.tar"
    told = gan("data", "inspect", source, "--mix", 2).out
    assert "36 images (webdataset)" in told
    assert f"gan train '{source}' --data.mix 2" in told
    tiny = ["--arch", "gan", "--arch.units", 4, "--steps", 3, "--batch-size", 4, "--conditional", "--device", "cpu"]
    assert gan("train", source, *tiny, "--size", 8, "--cache-limit", 0, "--display", "none").code == 0
    assert gan("sample", "--class", "dog", "-n", 2, "--out", "x.png").code == 0


@pytest.mark.parametrize("pattern", ["shards", "shards/shard-{000000..000003}.tar", "../{here}/shards/*.tar"])
def test_shards_are_found_from_every_folder(pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    shards(work / "shards")
    monkeypatch.chdir(work)
    typed = pattern.replace("{here}", "work")
    located = WebDataset(name="webdataset", source=f"webdataset:{typed}").located()
    monkeypatch.chdir(tmp_path)
    assert len(located.open()) == 36
    assert located.located() == located


@pytest.mark.parametrize("pattern", ["{/a,/b}/x.tar", "~/x-{0..3}.tar", "/x.tar"])
def test_shards_that_have_a_place_keep_it(pattern: str) -> None:
    source = f"webdataset:{pattern}"
    assert WebDataset(name="webdataset", source=source).located().source == source

"""Rows of Parquet, Arrow and image folders as pictures; what is on the Hub is fetched only when that is asked for."""

import io
import json
import shutil
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from gancli_huggingface.dataset import HuggingFace
from PIL import Image

from gancli import Config, GanError, Images, NetworkRefused, Trainer, find_dataset, resolve
from gancli.testing import Check, Gan, checks

torch.set_num_threads(1)
datasets.disable_progress_bars()

CLASSES = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])})


def png(value: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (value, 255 - value, 7)).save(file, "PNG")
    return file.getvalue()


def table(count: int = 20, first: int = 0) -> datasets.Dataset:
    """Pictures of the values from `first` on, of class cat and dog by turns."""
    numbers = range(first, first + count)
    images = [{"bytes": png(value), "path": None} for value in numbers]
    return datasets.Dataset.from_dict({"image": images, "label": [value % 2 for value in numbers]}, CLASSES)


def parquet(path: Path, count: int = 20, first: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table(count, first).to_parquet(path)
    return path


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_CACHE", str(tmp_path / "gan-cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "hf"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return parquet(tmp_path_factory.mktemp("rows") / "train.parquet")


def dataset(source: Path | str, **options: Any) -> HuggingFace:
    given = {"name": "huggingface", "source": f"huggingface:{source}", "workers": 0, **options}
    return HuggingFace.model_validate(given)


def values(images: Images) -> list[int]:
    return images.pixels[np.arange(len(images))][:, 0, 0, 0].tolist()


SOURCE = parquet(Path(mkdtemp()) / "x.parquet")


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1], source=SOURCE), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def folder_of_images(place: Path) -> Path:
    for split, first in (("train", 0), ("test", 100)):
        for value in range(first, first + 6):
            path = place / split / ("cat", "dog")[value % 2] / f"{value}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(value))
    return place


def splits_of_parquet(place: Path) -> Path:
    parquet(place / "data" / "train-00000-of-00002.parquet", 3)
    parquet(place / "data" / "train-00001-of-00002.parquet", 3, 3)
    parquet(place / "data" / "test-00000-of-00001.parquet", 6, 100)
    return place


def saved(place: Path) -> Path:
    datasets.DatasetDict(train=table(6), test=table(6, 100)).save_to_disk(place)
    return place


@pytest.mark.parametrize("make", [folder_of_images, splits_of_parquet, saved])
def test_a_folder_has_splits_and_classes(make: Any, tmp_path: Path) -> None:
    folder = make(tmp_path / "rows")
    train, test, named = dataset(folder).load(), dataset(folder, split="test").load(), dataset(f"{folder}:test").load()
    assert sorted(values(train)) == list(range(6))
    assert sorted(values(test)) == sorted(values(named)) == list(range(100, 106))
    for images in (train, test):
        assert images.classes == ("cat", "dog")
        assert images.labels is not None
        assert images.labels.tolist() == [value % 2 for value in values(images)]
    with pytest.raises(GanError, match=r"cannot be read: Unknown split .*test"):
        dataset(f"{folder}:nothing").load()


def test_files_are_recognised_without_a_prefix(file: Path, tmp_path: Path) -> None:
    arrow = saved(tmp_path / "saved") / "train" / "data-00000-of-00001.arrow"
    for path in (file, file.parent, arrow, tmp_path / "saved"):
        assert find_dataset(str(path)).name == "huggingface"
    assert values(dataset(arrow).load()) == list(range(6))
    assert find_dataset(str(folder_of_images(tmp_path / "pictures"))).name == "folder"


def test_columns_without_names_of_the_library_are_found_or_given(tmp_path: Path) -> None:
    held = {
        "text": ["a", "b", "a"],
        "mask": [png(7), png(8), png(9)],
        "picture": [{"bytes": png(value)} for value in range(3)],
        "Category": [10, 9, 10],
    }
    pq.write_table(pa.table(held), tmp_path / "x.parquet")
    images = dataset(tmp_path / "x.parquet").load()
    assert values(images) == [7, 8, 9]
    assert images.classes == ("9", "10")
    given = dataset(tmp_path / "x.parquet", image="picture", label="text").load()
    assert values(given) == [0, 1, 2]
    assert given.classes == ("a", "b")
    assert given.fingerprint != images.fingerprint
    with pytest.raises(GanError, match=r"has no column colour, only text, mask"):
        dataset(tmp_path / "x.parquet", label="colour").load()
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "y.parquet")
    with pytest.raises(GanError, match=r"no column of images, only text\. Say which: --image"):
        dataset(tmp_path / "y.parquet").load()


def test_what_cannot_be_used_is_skipped_and_counted_by_its_reason(tmp_path: Path) -> None:
    good, label = {"bytes": png(5), "path": None}, 0
    rows: list[tuple[dict[str, Any] | None, int | None, str]] = [
        (good, label, ""),
        ({"bytes": png(1)[:50], "path": "half.png"}, label, "damaged"),
        ({"bytes": b"words", "path": None}, label, "no image"),
        ({"bytes": b"", "path": None}, label, "empty file"),
        ({"bytes": None, "path": "https://example.com/x.png"}, label, "missing"),
        (None, label, "no image in the row"),
        (good, -1, "no label"),
        (good, None, "no label"),
    ]
    held = {"image": [image for image, _, _ in rows], "label": [label for _, label, _ in rows]}
    pq.write_table(pa.table(held, CLASSES.arrow_schema), tmp_path / "x.parquet")
    images = dataset(tmp_path / "x.parquet").load()
    assert values(images) == [5]
    assert Counter(each.reason for each in images.skipped) == Counter(filter(None, (why for _, _, why in rows)))
    assert {"half.png", "row 2", "row 7"} <= {each.name for each in images.skipped}


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_damaged_file_is_told_in_one_line(suffix: str, file: Path, tmp_path: Path) -> None:
    arrow = saved(tmp_path / "saved") / "train" / "data-00000-of-00001.arrow"
    whole = {".parquet": file, ".arrow": arrow}[suffix].read_bytes()
    path = tmp_path / f"x{suffix}"
    for data in (b"", b"words", whole[:300], whole[: len(whole) // 2], whole[:200] + b"\xff" * 40 + whole[240:]):
        path.write_bytes(data)
        try:
            dataset(path).load()
        except GanError as error:
            assert "\n" not in str(error)  # noqa: PT017
    with pytest.raises(GanError, match="There is nothing at"):
        dataset(tmp_path / f"gone{suffix}").load()


def test_nothing_is_fetched_unless_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_dataset_builder(name: str, *words: Any, **named: Any) -> None:
        asked.append(name)
        raise ConnectionError("the Hub is far away")

    with pytest.raises(GanError, match=r"huggingface:some/digits is not here yet\. Let gan fetch it: --download\."):
        dataset("some/digits").load()
    monkeypatch.setattr(datasets, "load_dataset_builder", load_dataset_builder)
    with pytest.raises(GanError, match="some/digits:test cannot be fetched: the Hub is far away"):
        dataset("some/digits:test", download=True).load()
    assert asked == ["some/digits"]


def test_what_was_fetched_before_is_read_without_the_network(tmp_path: Path) -> None:
    prepared = tmp_path / "hf" / "digits"
    dataset(splits_of_parquet(tmp_path / "digits")).load()
    shutil.copytree(prepared, tmp_path / "hf" / "some___digits")
    assert values(dataset("some/digits").load()) == list(range(6))
    assert values(dataset("some/digits:test").load()) == list(range(100, 106))
    shutil.move(tmp_path / "hf", tmp_path / "elsewhere")
    assert len(dataset("some/digits", root=str(tmp_path / "elsewhere")).load()) == 6


def test_a_folder_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for place in ("https://example.com/x.parquet", "hf://datasets/some/digits/x.parquet"):
        (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files: {place}\n---\n")
        with pytest.raises(GanError, match="cannot be read"):
            dataset(folder).load()


@pytest.mark.parametrize("name", ["digits.py", "csv", "pandas"])
def test_no_code_of_a_dataset_is_run_and_nothing_unpickled(name: str, tmp_path: Path) -> None:
    import pickle

    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "digits.py").write_text(f"from pathlib import Path; Path({str(tmp_path)!r}, 'ran').touch()")
    (folder / "x.csv").write_text("image,label\na.png,1\n")
    (folder / "x.pkl").write_bytes(pickle.dumps(np.zeros(3)))
    for source in (folder, folder / "digits.py", folder / "x.pkl", name):
        with pytest.raises(GanError):
            dataset(source).load()
    assert not (tmp_path / "ran").exists()


def drawn(images: Images, batches: int, at: int = 0) -> list[int]:
    tiny = Config("test", {"arch.name": "gan", "arch.units": 4, "seed": 3, "device": "cpu"})
    source = Trainer(resolve([tiny]).settings, images).source
    source.seek({"": at})
    x = torch.cat([source.batch(5)[0] for _ in range(batches)])
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_cached_streamed_by_workers_or_resumed_images_come_in_the_same_order(file: Path) -> None:
    options: list[dict[str, Any]] = [{}, {"cache_limit": 0}, {"cache_limit": 0, "workers": 2}]
    cached, streamed, by_two = (dataset(file, size=8, **each).load() for each in options)
    assert not isinstance(by_two.pixels, np.ndarray)  # they stream
    order = drawn(cached, 12)
    assert sorted(order[:20]) == list(range(20))
    assert drawn(streamed, 12) == drawn(by_two, 12) == order
    assert drawn(by_two, 3, at=33) == order[33:48]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet", 3)
    assert values(dataset(path).load()) == [0, 1, 2]
    parquet(path, 3, 7)
    assert values(dataset(path).load()) == [7, 8, 9]
    folder = folder_of_images(tmp_path / "pictures")
    assert sorted(values(dataset(folder).load())) == list(range(6))
    (folder / "train" / "cat" / "0.png").write_bytes(png(50))
    assert 50 in values(dataset(folder).load())


def test_the_command_inspects_trains_and_samples(gan: Gan, file: Path) -> None:
    told = json.loads(gan("data", "inspect", file, "--json").out)
    assert (told["kind"], told["count"], told["classes"]) == ("huggingface", 20, {"cat": 10, "dog": 10})
    tiny = ["--arch", "gan", "--arch.units", 4, "--steps", 3, "--batch-size", 4, "--conditional", "--device", "cpu"]
    assert gan("train", f"huggingface:{file}", *tiny, "--size", 8, "--cache-limit", 0, "--display", "none").code == 0
    assert gan("sample", "--class", "dog", "-n", 2, "--out", "x.png").code == 0
    refused = gan("train", "huggingface:some/digits", "--display", "none")
    assert refused == (1, "", "Error: huggingface:some/digits is not here yet. Let gan fetch it: --download.\n")


def test_being_refused_the_network_is_no_error_of_the_network() -> None:
    assert not issubclass(NetworkRefused, OSError)  # which libraries would try again and again


@pytest.mark.parametrize("split", ["", ":train"])
def test_rows_are_found_from_every_folder(
    split: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    typed = HuggingFace(name="huggingface", source=f"huggingface:{file.name}{split}", root="fetched")
    located = typed.located()
    assert located.source == f"huggingface:{file}{split}"
    assert located.root == str(file.parent / "fetched")
    assert located.located() == located


def test_a_name_on_the_hub_is_no_path() -> None:
    source = "huggingface:somebody/pictures:train"
    assert HuggingFace(name="huggingface", source=source).located().source == source

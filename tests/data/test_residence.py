"""Wherever the images are, the same ones come in the same order, and a run that resumes goes on with the next."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import zoo
from hypothesis import given, settings
from hypothesis import strategies as st
from small import trainer
from sources import load

from gancli.base.errors import GanError
from gancli.data.stream import Source, Stream
from gancli.data.streamed import Streamed

CPU = torch.device("cpu")
RESIDENCES = {
    "cached": {},
    "streamed": {"cache_limit": 0, "workers": 0},
    "streamed by two": {"cache_limit": 0, "workers": 2},
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of unequal size, with bad files among them."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, count in (("cat", 11), ("dog", 6)):
        (folder / name).mkdir()
        for number in range(count):
            pixels = rng.integers(0, 256, (rng.integers(8, 20), rng.integers(8, 20), 3), dtype=np.uint8)
            zoo.Image.fromarray(pixels).save(folder / name / f"{number}.png")
        (folder / name / "4x.png").write_bytes(zoo.PNG[:90])
    return folder


def drawn(source: Source, batches: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches through everything and through one class by turns."""
    for _ in range(batches):
        yield from (source.batch(5), source.batch(4, "dog"))


@pytest.mark.parametrize("flip", [False, True])
def test_the_same_images_in_the_same_order(flip: bool, pictures: Path) -> None:
    found = {name: load(pictures, size="8x12", flip=flip, **options) for name, options in RESIDENCES.items()}
    assert isinstance(found["cached"].pixels, np.memmap)
    assert isinstance(found["streamed"].pixels, Streamed)
    assert len({images.fingerprint for images in found.values()}) == 1
    first, *others = [list(drawn(Source(images, 7, CPU), 9)) for images in found.values()]
    for other in others:
        for (x, y), (x_other, y_other) in zip(first, other, strict=True):
            assert torch.equal(x, x_other)
            assert torch.equal(y, y_other)


@pytest.mark.parametrize("options", RESIDENCES.values(), ids=RESIDENCES)
def test_a_source_that_resumes_goes_on_in_mid_epoch(options: dict[str, int], pictures: Path) -> None:
    images = load(pictures, size=8, flip=True, **options)
    straight = Source(images, 1, CPU)
    whole = list(drawn(straight, 8))
    stopped = Source(images, 1, CPU)
    list(drawn(stopped, 3))
    resumed = Source(images, 1, CPU)
    resumed.seek(stopped.positions())
    for (x, y), (x_again, y_again) in zip(whole[6:], drawn(resumed, 5), strict=True):
        assert torch.equal(x, x_again)
        assert torch.equal(y, y_again)
    assert resumed.positions() == straight.positions()


def test_a_run_is_the_same_cached_streamed_or_resumed(pictures: Path, tmp_path: Path) -> None:
    options = {"steps": 10, "checkpoint_every": "5", "log_every": "5"}
    loaded = {name: load(pictures, size=8, flip=True, **given) for name, given in RESIDENCES.items()}
    runs = [trainer(data=images, **options) for images in loaded.values()]
    for run in runs:
        list(run)
    stopped = trainer(tmp_path / "run", data=loaded["cached"], **options)
    next(tick for tick in stopped if tick.step == 5)
    resumed = trainer(data=loaded["streamed by two"], **options)
    resumed.resume(tmp_path / "run" / "checkpoints" / "step-00000005.safetensors")
    list(resumed)
    for other in (*runs[1:], resumed):
        for name, tensor in runs[0].tensors().items():
            assert torch.equal(tensor, other.tensors()[name]), name


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.lists(st.integers(1, 40), min_size=1, max_size=6), st.booleans(), st.integers(0, 99))
def test_a_stream_is_one_sequence_however_it_is_cut(count: int, parts: list[int], mirrored: bool, seed: int) -> None:
    members = np.arange(count) * 3
    stream = Stream(members, seed, mirrored=mirrored)
    pieces = [stream.draw(n) for n in parts]
    total = sum(parts)
    assert np.array_equal(np.concatenate(pieces), Stream(members, seed, mirrored=mirrored).draw(total))
    assert stream.drawn == total
    for epoch in range(total // count):
        numbers = np.concatenate(pieces)[epoch * count : (epoch + 1) * count]
        assert np.array_equal(np.sort(np.where(numbers < 0, ~numbers, numbers)), members)


def test_flipping_mirrors_about_half(pictures: Path) -> None:
    images = load(pictures, size=8, flip=True)
    x, _ = Source(images, 0, CPU).batch(17)
    plain, _ = Source(load(pictures, size=8), 0, CPU).batch(17)
    same = [torch.equal(a, b) for a, b in zip(x, plain, strict=True)]
    turned = [torch.equal(a, b.flip(2)) for a, b in zip(x, plain, strict=True)]
    assert all(a or b for a, b in zip(same, turned, strict=True))
    assert 3 < sum(turned) < 14


def test_a_picture_that_goes_away_is_replaced_by_one_of_its_class(tmp_path: Path, pictures: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(pictures, folder)
    images = load(folder, size=8, cache_limit=0, workers=0)
    (folder / "cat" / "0.png").unlink()
    with pytest.warns(UserWarning, match=r"cat/0.png can no longer be read \(missing\); another stands in"):
        found = images.pixels[np.array([0])]
    assert np.array_equal(found, images.pixels[np.array([1])])
    shutil.rmtree(folder)
    with pytest.raises(GanError, match="Is the disk or network still there"):
        images.pixels[np.array([3])]


def test_a_source_that_is_trusted_streams_unread_and_meets_its_bad_files_later(pictures: Path) -> None:
    options = {"size": 8, "channels": 3, "cache_limit": 0, "workers": 0}
    trusted, read = load(pictures, **options, trust=True), load(pictures, **options)
    assert (len(read), len(read.skipped)) == (17, 2)
    assert (len(trusted), len(trusted.skipped)) == (19, 0)
    bad = int(np.flatnonzero(~np.isin(trusted.numbers, read.numbers))[0])
    with pytest.warns(UserWarning, match=r"cat/4x.png can no longer be read \(damaged\); another stands in"):
        found = trusted.pixels[np.array([bad])]
    assert np.array_equal(found, trusted.pixels[np.array([bad + 1])])


def test_a_compressed_tar_that_exceeds_the_limit_says_what_to_do(tmp_path: Path, pictures: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "x.tgz", "w:gz") as archive:
        archive.add(pictures, "x")
    with pytest.raises(GanError, match=r"cannot stream; decoded it takes .* KB. Give more --cache-limit"):
        load(tmp_path / "x.tgz", size=8, cache_limit=100)
    assert len(load(tmp_path / "x.tgz", size=8)) == 17

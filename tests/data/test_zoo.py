"""Odd and hostile files: each is used or left out with its reason, and nothing crashes, however they are packed."""

import os
import tarfile
import zipfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import zoo
from conftest import Gan
from sources import load, opened

from gancli.base.errors import GanError

IGNORED = {"hidden": 3, ".txt file": 1, ".db file": 1, "file without suffix": 1}


def folder(place: Path) -> Path:
    zoo.fill(place / "zoo")
    return place / "zoo"


def zipped(place: Path) -> Path:
    with zipfile.ZipFile(place / "zoo.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, _ in zoo.animals():
            archive.writestr(name, data)
    return place / "zoo.zip"


def tarred(place: Path, mode: str = "w", name: str = "zoo.tar") -> Path:
    import io

    with tarfile.open(place / name, mode) as archive:  # type: ignore[call-overload]
        for member, data, _ in zoo.animals():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return place / name


def gzipped(place: Path) -> Path:
    return tarred(place, "w:gz", "zoo.tar.gz")


packings = pytest.mark.parametrize("pack", [folder, zipped, tarred, gzipped])


@packings
@pytest.mark.parametrize("workers", [0, 2])
def test_each_file_has_its_fate(pack, workers: int, tmp_path: Path) -> None:
    if workers and pack is not zipped:
        pytest.skip("one kind with other processes is enough")
    expected = Counter(zoo.fates())
    assert expected.total() >= 45
    source = pack(tmp_path)
    records = opened(source)
    images = load(source, size=8, workers=workers)
    assert len(images) == expected[zoo.GOOD]
    assert dict(records.ignored) == IGNORED
    bad = {why: count for why, count in expected.items() if why != zoo.GOOD and why not in IGNORED}
    assert Counter(reason for _, reason in images.skipped) == bad
    assert {name for name, _ in images.skipped} == {n for n, (_, fate) in zoo.ZOO.items() if fate in bad}


def test_all_packings_give_the_same_images(tmp_path: Path) -> None:
    first, *others = [load(pack(tmp_path), size=8) for pack in (folder, zipped, tarred, gzipped)]
    by_digest = [sorted(image.tobytes() for image in images.pixels[:]) for images in (first, *others)]
    assert all(each == by_digest[0] for each in by_digest)


def test_strict_stops_at_the_first_bad_file(tmp_path: Path) -> None:
    with pytest.raises(GanError, match=r"bomb.png in .*: too large"):
        load(folder(tmp_path), size=8, strict=True)


def test_all_bad_is_an_error_that_counts_the_reasons(tmp_path: Path) -> None:
    place = tmp_path / "bad"
    place.mkdir()
    (place / "a.png").write_bytes(b"")
    (place / "b.png").write_bytes(b"x")
    with pytest.raises(GanError, match="holds no images that can be read"):
        load(place)
    with pytest.raises(GanError, match=r"1 empty file, 1 no image|1 no image, 1 empty file"):
        load(place, size=8, channels=1)


def test_hostile_names_never_reach_the_terminal_or_the_log_raw(gan: Gan, tmp_path: Path) -> None:
    place = tmp_path / "names"
    place.mkdir()
    evil = "evil\x1b]0;title\x07\u202e[b]\r"
    (place / f"{evil}.png").write_bytes(b"")
    (place / os.fsdecode(b"latin-\xe9\xff.png")).write_bytes(zoo.PNG[:50])
    (place / "fine.png").write_bytes(zoo.PNG)
    shown = gan("data", "inspect", place, "--size", 8)
    trained = gan("train", place, "--size", 8, "--steps", 1, "--batch-size", 2, "--arch.width", 4, "--display", "none")
    assert shown.code == trained.code == 0
    log = (Path(trained.out.splitlines()[-1]) / "log.txt").read_text()
    assert log.count("skipped: ") == 2
    for text in (shown.out, shown.err, trained.out, trained.err, log):
        assert not set(text) & {"\x1b", "\x07", "\u202e", "\r"}


def test_links_and_unreadable_folders(tmp_path: Path) -> None:
    place = tmp_path / "links"
    (place / "a" / "deep").mkdir(parents=True)
    (place / "b").mkdir()
    (place / "a" / "deep" / "1.png").write_bytes(zoo.PNG)
    (place / "b" / "2.png").write_bytes(zoo.PNG)
    (place / "a" / "loop").symlink_to(place)
    (place / "a" / "self.png").symlink_to("self.png")
    (place / "b" / "gone.png").symlink_to("nowhere.png")
    (place / "b" / "linked.png").symlink_to(place / "a" / "deep" / "1.png")
    os.mkfifo(place / "b" / "pipe.png")
    locked = place / "locked"
    locked.mkdir(mode=0)
    images = load(place, size=8)
    locked.chmod(0o755)
    assert len(images) == 3
    reasons = Counter(reason for _, reason in images.skipped)
    assert reasons["link that leads back"] == 1
    assert reasons["missing"] == 1
    assert reasons["folder not readable"] == (0 if os.geteuid() == 0 else 1)


def test_archives_with_escaping_huge_encrypted_and_doubled_members(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escape.png", zoo.PNG)
        archive.writestr("/etc/absolute.png", zoo.PNG)
        archive.writestr("C:\\windows\\drive.png", zoo.PNG)
        archive.writestr("cat/1.png", zoo.PNG)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("cat/1.png", zoo.saved(zoo.noise(), "PNG"))
        archive.writestr("cat/huge.png", b"\0" * 3_000_000)
        archive.writestr("folder.png/", b"")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"cat/huge.png") - 46  # its entry in the central directory
    data[at + 24 : at + 28] = (2_000_000_000).to_bytes(4, "little")  # the size it says it has
    path.write_bytes(bytes(data))
    images = load(path, size=8, limit=100)
    assert Counter(reason for _, reason in images.skipped) == {"name that leaves the archive": 1, "file too large": 1}
    assert len(images) == 4
    assert not (tmp_path.parent / "escape.png").exists()


def test_a_tar_with_devices_links_and_a_lost_end(tmp_path: Path) -> None:
    import io

    path = tmp_path / "odd.tar"
    with tarfile.open(path, "w") as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"{number}.png")
            info.size = len(zoo.PNG)
            archive.addfile(info, io.BytesIO(zoo.PNG))
        for name, kind in (
            ("device.png", tarfile.CHRTYPE),
            ("link.png", tarfile.SYMTYPE),
            ("fifo.png", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert Counter(reason for _, reason in load(path, size=8).skipped) == {"no plain file": 3}
    path.write_bytes(path.read_bytes()[: 3 * 512 + len(zoo.PNG)])
    cut = load(path, size=8)
    assert 1 <= len(cut) <= 2


def test_a_compressed_tar_damaged_in_the_middle_is_told_in_one_line(tmp_path: Path) -> None:
    for kind in ("gz", "bz2", "xz"):
        path = tarred(tmp_path, f"w:{kind}", f"x.tar.{kind}")
        path.write_bytes(zoo.flipped(path.read_bytes(), 0.5))
        with suppress(GanError):  # or what could be read before
            assert load(path, size=8).skipped

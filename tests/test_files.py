"""Files and folders that are whole or not there, on disks that do not do everything that they are asked."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gancli.base import files
from gancli.base.errors import GanError

UNSYNCABLE = [errno.EINVAL, errno.ENOTSUP, errno.EBADF]


def failing(number: int, concerns: Callable[[int], bool]) -> Callable[[int], None]:
    """An `os.fsync` that fails for the descriptors that it concerns."""

    def fsync(descriptor: int) -> None:
        if concerns(descriptor):
            raise OSError(number, os.strerror(number))

    return fsync


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


@pytest.mark.parametrize("number", UNSYNCABLE, ids=errno.errorcode.__getitem__)
@pytest.mark.parametrize("concerns", [is_folder, lambda _: True], ids=["folders", "all"])
def test_a_file_is_written_where_a_disk_cannot_be_told_to_hold_it(
    number: int, concerns: Callable[[int], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number, concerns))
    files.write_text(tmp_path / "a.txt", "all of it")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "all of it"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.__getitem__)
def test_a_disk_that_fails_is_told_and_leaves_nothing(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number, lambda descriptor: not is_folder(descriptor)))
    with pytest.raises(GanError, match="cannot be written"):
        files.write_text(tmp_path / "a.txt", "all of it")
    assert not list(tmp_path.iterdir())


def test_a_system_that_opens_no_folders_writes_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def without_folders(path: Path, *words: int, **more: int) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *words, **more)

    monkeypatch.setattr(os, "open", without_folders)
    files.write_text(tmp_path / "a.txt", "all of it")
    assert (tmp_path / "a.txt").read_text() == "all of it"


def test_an_error_of_a_folder_counts_but_for_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO, is_folder))
    with pytest.raises(GanError, match="cannot be written"):
        files.write_text(tmp_path / "a.txt", "all of it")
    monkeypatch.setattr(files, "WINDOWS", True)
    files.write_text(tmp_path / "b.txt", "all of it")
    assert (tmp_path / "b.txt").read_text() == "all of it"

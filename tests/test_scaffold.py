"""`gan plugins new` writes packages whose tests pass as written, wherever they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Gan

from gancli.plugins.scaffold import kinds


@pytest.mark.parametrize("kind", ["logger"])
def test_a_new_package_passes_its_own_tests(gan: Gan, tmp_path: Path, kind: str) -> None:
    passes(gan, tmp_path, kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind != "logger"])
def test_a_new_package_passes_its_own_longer_tests(gan: Gan, tmp_path: Path, kind: str) -> None:
    passes(gan, tmp_path, kind)


def passes(gan: Gan, folder: Path, kind: str) -> None:
    """Write a package of that kind, and run its tests in a process of their own."""
    assert kind in kinds()
    assert gan("plugins", "new", "two-words", "--kind", kind, "--out", folder).code == 0
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=folder / "gancli-two-words", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_new_package_installed_elsewhere_trains_and_is_asked_for_where_it_is_missing(
    gan: Gan, tmp_path: Path
) -> None:
    gan("plugins", "new", "mygan", "--kind", "architecture", "--out", tmp_path)
    elsewhere = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", elsewhere], check=True)
    site = next(elsewhere.glob("lib/python*/site-packages"))
    # What this process has is there too, as --system-site-packages would have it of a system that has gancli.
    (site / "here.pth").write_text("".join(f"{path}\n" for path in sys.path if path))
    python = str(elsewhere / "bin" / "python")
    package = tmp_path / "gancli-mygan"
    install = ["uv", "pip", "install", "-q", "--offline", "--no-deps", "--no-build-isolation", "--python", python]
    environment = {**os.environ, "PYTHONPATH": "", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run([*install, str(package)], check=True, env=environment, cwd=tmp_path)
    small = ["--arch.width", "8", "--size", "8", "--data.count", "40", "--batch-size", "4", "--steps", "2"]
    commands = [
        ["train", "--arch", "mygan", *small, "--display", "none", "--name", "run"],
        ["sample", "run", "-n", "4", "--out", "x.png"],
        ["plugins", "check", "gancli-mygan", "--set", "arch.width=8"],
    ]
    for words in commands:
        words = [python, "-m", "gancli", *words]
        done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    for words in (["sample", "run", "--force"], ["train", "--resume", "run"]):
        os.chdir(tmp_path)
        missing = gan(*words)
        assert missing.code != 0
        assert "pip install gancli-mygan==0.1.0" in missing.err


@pytest.mark.parametrize("name", ["../up", "Loud", "", "a b", "-x"])
def test_a_name_that_no_package_can_have_is_refused(gan: Gan, tmp_path: Path, name: str) -> None:
    done = gan("plugins", "new", "--out", tmp_path, "--", name)
    assert done.code == 2
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(gan: Gan, tmp_path: Path) -> None:
    assert gan("plugins", "new", "mine", "--kind", "preset", "--out", tmp_path).code == 0
    assert "is there already" in gan("plugins", "new", "mine", "--kind", "preset", "--out", tmp_path).err

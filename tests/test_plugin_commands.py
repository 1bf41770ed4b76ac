"""Packages add commands, listing them imports nothing of them, and what each costs and breaks is told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Gan
from fake_package import hook, installed, write

HELLO = """
import click


@click.command()
@click.argument("name")
def command(name):
    '''Greet somebody.'''
    click.echo(f"Hello {name}")
"""


def register(target: str, *names: str) -> str:
    """The source of a plugin that adds a command by each of the names."""
    return hook(*(("command", name, target) for name in names or ("greet",)))


def test_a_command_of_a_package_is_listed_and_runs(gan: Gan, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    with installed(tmp_path, "gancli-greet", register("hello:command")):
        listed = gan("--help").out
        assert "greet" in listed.partition("Commands of plugins:")[2]
        assert "hello" not in sys.modules
        assert gan("greet", "you").out == "Hello you\n"
        assert "Greet somebody." in gan("greet", "--help").out
        assert "greet" in gan("list", "commands").out


@pytest.mark.parametrize(("target", "reason"), [("nowhere:command", "nowhere"), ("json:loads", "click.Command")])
def test_a_broken_command_is_an_error_only_when_it_is_run(gan: Gan, tmp_path: Path, target: str, reason: str) -> None:
    with installed(tmp_path, "gancli-greet", register(target)):
        assert "greet" in gan("--help").out
        done = gan("greet")
    assert done.code == 1
    assert reason in done.err
    assert "gancli-greet" in done.err


def test_commands_of_one_name_are_told_apart_and_built_ins_keep_theirs(gan: Gan, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    with (
        installed(tmp_path, "gancli-a", register("hello:command", "greet", "train")),
        installed(tmp_path, "gancli-b", register("hello:command")),
    ):
        listed = gan("--help").out
        assert "gancli-a/greet" in listed
        assert "gancli-b/greet" in listed
        assert "gancli-a/train" in listed
        assert gan("gancli-b/greet", "you").out == "Hello you\n"
        assert "gancli-a/greet or gancli-b/greet" in gan("greet", "you").err


def test_an_error_in_the_code_of_a_package_is_told_as_its_own(
    gan: Gan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = HELLO.replace("click.echo", "raise RuntimeError")
    (tmp_path / "gancli_own.py").write_text(broken)
    with installed(tmp_path, "gancli-greet", register("gancli_own:command")):
        done = gan("greet", "you")
        assert done.code == 1
        assert "Package gancli-greet 1.0 failed: RuntimeError: Hello you" in done.err
        assert "gancli_own.py:" in done.err
        assert "Traceback" not in done.err
        monkeypatch.setenv("GAN_TRACEBACK", "1")
        assert "Traceback" in gan("greet", "you").err
    sys.modules.pop("gancli_own")


def test_the_cost_of_registering_is_told_and_who_imports_torch(tmp_path: Path) -> None:
    write(tmp_path, "gancli-slow", "import time; time.sleep(0.1)\n" + hook())
    write(tmp_path, "gancli-heavy", "import torch\n" + hook())
    words = [sys.executable, "-m", "gancli", "plugins", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(tmp_path)})
    plugins = {each["package"]: each for each in json.loads(done.stdout)}
    assert plugins["gancli-slow"]["milliseconds"] >= 100
    assert [name for name, each in plugins.items() if each["imports_torch"]] == ["gancli-heavy"]
    doctor = subprocess.run([*words[:3], "doctor"], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)})
    assert doctor.returncode == 1
    assert "gancli-heavy 1.0" in doctor.stdout
    assert "Move its imports of torch" in doctor.stdout


def test_many_plugins_are_listed_without_torch(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path, f"gancli-x{number}", hook(("loss", f"x{number}", f"gancli_x{number}.x:X")))
    script = (
        "import sys; from gancli.commands.listing import command; command.main(['losses'], standalone_mode=False); "
        "assert not {'torch', 'gancli_x0.x'} & set(sys.modules); assert 'gancli_x29' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    assert "x29" in done.stdout

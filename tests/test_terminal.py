"""`gan train` and `gan runs watch` in a real terminal: what is on the screen is true, and nothing is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from small import TINY_WORDS
from terminal import GAN, Terminal, the_run

from gancli.terminal.dashboard import TIMES

SIZES = [pytest.param((140, 45), marks=pytest.mark.slow), (80, 24), pytest.param((60, 16), marks=pytest.mark.slow)]
LONG = ["train", *TINY_WORDS, "--steps", 1_000_000, "--log-every", "200"]
HOSTILE = "a\x1b[31m[bold]\u202e$x"


def figures(run: Path) -> list[dict[str, object]]:
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if "step" in line]


def frame(text: str) -> tuple[int, dict[str, str]] | None:
    """The step and the figures on the screen."""
    step = re.search(r"step ([\d,]+)", text)
    shown = dict(re.findall(r"^(D\(x\)|Loss_D|Loss_G) +(\S+)", text, re.M))
    return (int(step[1].replace(",", "")), shown) if step and len(shown) == 3 else None


@pytest.mark.parametrize("size", SIZES, ids=["140x45", "80x24", "60x16"])
def test_the_figures_on_the_screen_are_those_on_disk(size: tuple[int, int]) -> None:
    terminal = Terminal(*LONG, size=size)
    terminal.until(lambda text: "Loading" in text, 20)
    terminal.until(frame)
    terminal.until(lambda text: (frame(text) or (0,))[0] >= 600)
    frames = []
    for _ in range(5):
        terminal.read(0.4)
        frames.append(terminal.drawn)
    terminal.process.send("q")
    assert terminal.end() == 0
    on_disk = {line["step"]: line for line in figures(the_run())}
    whole = [found for text in frames if (found := frame(text)) and found[0] in on_disk]
    assert len(whole) == 5
    for step, shown in whole:
        for label, name in {"D(x)": "real", "Loss_D": "loss_D", "Loss_G": "loss_G"}.items():
            assert float(shown[label]) == pytest.approx(on_disk[step][name], abs=0.001)
    # No frame is torn or scrolled: each begins with the title, and has it once.
    for text in frames:
        assert text.startswith(TIMES.join(("dcgan", "gan", "digits")))
        assert text.count("elapsed") == 1
    if size[0] >= 120:
        assert "Real images" in frames[-1]
    if size[0] >= 72:
        assert "Samples at step" in frames[-1]
    assert "q finish" in frames[-1]
    assert terminal.sane


def modes(terminal: Terminal) -> list[object]:
    return termios.tcgetattr(terminal.process.child_fd)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        pytest.param("q", 0, id="q"),
        pytest.param("\x03", 130, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, id="SIGTERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, id="SIGHUP", marks=pytest.mark.slow),
    ],
)
def test_every_way_out_leaves_a_sane_terminal_and_a_checkpoint(ending: object, code: int) -> None:
    terminal = Terminal(*LONG)
    before = modes(terminal)
    terminal.until(frame)
    assert modes(terminal) != before
    if isinstance(ending, str):
        terminal.process.send(ending)
    else:
        terminal.process.kill(ending)
    assert terminal.end() == code
    assert terminal.sane
    assert modes(terminal) == before
    run = the_run()
    assert list((run / "checkpoints").glob("*.safetensors"))
    assert json.loads((run / "lock").read_text())["state"] == "stopped"
    assert "Continue with: gan train --resume" in terminal.text


@pytest.mark.slow
def test_s_saves_and_samples_at_once() -> None:
    terminal = Terminal(*LONG, "--sample-every", 0, "--checkpoint-every", 0)
    terminal.until(frame)
    before = len(list((the_run() / "samples").iterdir()))
    terminal.process.send("s")
    terminal.until(lambda text: "checkpoint step-" in text, 20)
    assert list((the_run() / "checkpoints").glob("*.safetensors"))
    assert len(list((the_run() / "samples").iterdir())) == before + 1
    terminal.process.send("q")
    assert terminal.end() == 0


@pytest.mark.slow
def test_resizing_draws_the_new_size() -> None:
    terminal = Terminal(*LONG, size=(80, 24))
    terminal.until(frame)
    terminal.process.setwinsize(16, 60)
    terminal.screen.resize(16, 60)
    terminal.until(lambda text: "Samples" not in text and frame(text) and text.startswith("dcgan"))
    terminal.process.setwinsize(45, 140)
    terminal.screen.resize(45, 140)
    terminal.until(lambda text: "Real images" in text and text.startswith("dcgan"))
    terminal.process.send("q")
    assert terminal.end() == 0
    assert terminal.sane


@pytest.mark.slow
def test_ctrl_z_gives_the_terminal_back_from_watching_too() -> None:
    training = background(*LONG, "--name", "mine", "--display", "none")
    try:
        terminal = Terminal(shell=True, PS1="$ ")
        terminal.read(0.5)
        terminal.process.sendline(f"set -m; {' '.join(GAN)} runs watch mine")
        terminal.until(frame)
        terminal.process.send("\x1a")
        terminal.until(lambda text: "Stopped" in text or "Suspended" in text, 20)
        assert terminal.sane
        terminal.process.sendline("fg")
        terminal.until(lambda text: frame(text) and "q leave" in text, 20)
        terminal.process.send("q")
        terminal.until(lambda text: "Run mine: training." in text, 30)
        assert terminal.sane
        terminal.process.sendline("exit")
        terminal.process.close(force=True)
    finally:
        training.kill()


@pytest.mark.slow
def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() -> None:
    terminal = Terminal(shell=True, PS1="$ ")
    terminal.read(0.5)
    words = " ".join(map(str, [*GAN, *LONG]))
    terminal.process.sendline(f"set -m; {words}")
    terminal.until(frame)
    terminal.process.send("\x1a")
    terminal.until(lambda text: "Stopped" in text or "Suspended" in text, 20)
    assert terminal.sane
    assert modes(terminal)[3] & termios.ECHO
    terminal.read(1.5)
    terminal.process.sendline("fg")
    terminal.until(lambda text: frame(text) and "q finish" in text, 20)
    terminal.process.send("q")
    terminal.until(lambda text: "Continue with" in text, 30)
    assert terminal.sane
    seconds = figures(the_run())[-1]["seconds"]
    gaps = [b["seconds"] - a["seconds"] for a, b in zip(figures(the_run()), figures(the_run())[1:], strict=False)]
    assert max(gaps) < 1.5, seconds
    terminal.process.sendline("exit")
    terminal.process.close(force=True)


POOR = [
    {"TERM": "dumb"},
    {"NO_COLOR": "1"},
    {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.slow
@pytest.mark.parametrize("environment", POOR, ids=["dumb", "no colour", "no UTF-8"])
def test_poor_terminals_are_readable(environment: dict[str, str]) -> None:
    terminal = Terminal("train", *TINY_WORDS, "--steps", 500, "--log-every", 50, size=(60, 16), **environment)
    assert terminal.end() == 0
    text = terminal.raw.decode()
    assert "D(x)" in text
    if environment.get("TERM") == "dumb":
        assert "\x1b" not in text
    if "NO_COLOR" in environment:
        assert not re.search(r"\x1b\[[\d;]*[34][0-8]", text)
    if "LANG" in environment:
        assert terminal.raw.isascii()


@pytest.mark.slow
def test_names_from_outside_are_harmless_everywhere(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    for name in (HOSTILE, "b[/]"):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for number in range(6):
            Image.fromarray(np.full((8, 8), 40 * number, np.uint8)).save(folder / f"{HOSTILE}{number}.png")
    words = ["train", tmp_path / "pictures", "--arch.width", 4, "--batch-size", 4, "--size", 8, "--name", HOSTILE]
    terminal = Terminal(*words, "--steps", 500, "--log-every", 100, size=(140, 45))
    assert terminal.end() == 0
    written = terminal.raw
    commands = (["runs"], ["runs", "compare", HOSTILE], ["info", HOSTILE], ["runs", "watch", HOSTILE], ["runs", "plot"])
    for more in commands:
        told = subprocess.run([*GAN, *more], capture_output=True, env={**os.environ, "COLUMNS": "80"})
        assert told.returncode == 0, told.stderr
        written += told.stdout + told.stderr
    written += Path(f"runs/{HOSTILE}/log.txt").read_bytes()
    # The run folder on train's last line on stdout is data: the caller opens it.
    text = written.decode().replace(f"runs/{HOSTILE}", "")
    assert "\x1b[31m[bold]" not in text
    assert "\u202e" not in text


def background(*words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*GAN, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_watch_follows_a_run_from_before_it_begins_until_it_ends() -> None:
    watching = Terminal("runs", "watch", "mine", size=(140, 45))
    watching.until(lambda text: "Waiting for run mine" in text)
    training = background(*LONG[:-2], "--log-every", "100", "--name", "mine", "--display", "none")
    try:
        watching.until(lambda text: frame(text) and "Samples at step" in text and "Real images" in text)
        late = Terminal("runs", "watch")
        late.until(frame)
        step, shown = frame(watching.text)
        on_disk = {line["step"]: line for line in figures(Path("runs/mine"))}
        assert float(shown["D(x)"]) == pytest.approx(on_disk[step]["real"], abs=0.001)
        training.terminate()
        assert training.wait(30) == 143
        assert [watching.end(), late.end()] == [0, 0]
        assert "Run mine: stopped." in watching.text
        assert watching.sane
        assert late.sane
    finally:
        training.kill()


def test_a_killed_run_shows_as_crashed_and_its_metrics_are_whole() -> None:
    training = background(*LONG, "--name", "mine", "--display", "none")
    watching = Terminal("runs", "watch", "mine")
    watching.until(frame)
    listed = subprocess.run([*GAN, "runs"], capture_output=True, text=True).stdout
    assert "training" in listed
    training.send_signal(signal.SIGKILL)
    training.wait()
    assert watching.end() == 0
    assert "Run mine: crashed." in watching.text
    assert "crashed" in subprocess.run([*GAN, "runs"], capture_output=True, text=True).stdout
    assert figures(Path("runs/mine"))


def test_a_second_trainer_is_refused_while_the_first_trains() -> None:
    script = """
import time
from pathlib import Path
from gancli.runs.run import Run
with Run(Path('.')).lock() as lock:
    lock.begin()
    print('held', flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert holder.stdout
    holder.stdout.readline()
    from gancli.base.errors import GanError
    from gancli.runs.run import Run

    run = Run(Path.cwd())
    assert run.state == "training"
    with pytest.raises(GanError, match="another process"), run.lock():
        pass
    holder.kill()
    holder.wait()
    assert run.state == "crashed"
    with run.lock() as lock:
        assert run.state == "training"
        lock.end("finished")
    assert run.state == "finished"

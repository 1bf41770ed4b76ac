"""The displays: drawn at fixed sizes, harmless whatever they are given, and gone without a trace."""

import errno
import io
import json
import math
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image
from rich.cells import cell_len
from rich.console import Console

from gancli.base.units import clock_text
from gancli.telemetry.labels import number_text, phrases
from gancli.telemetry.subject import Subject, data_name
from gancli.telemetry.ticks import Event, Tick
from gancli.terminal.blocks import HalfBlocks, fit, legible, show
from gancli.terminal.choose import make_display
from gancli.terminal.curves import MIXED, History, chart, limits_of, spark
from gancli.terminal.dashboard import TIMES, Dashboard, Record
from gancli.terminal.display import Display
from gancli.terminal.json_lines import JSON
from gancli.terminal.live import Live
from gancli.terminal.plain import Plain
from gancli.training.trainer import Trainer

SIZES = [(140, 45), (120, 40), (80, 24), (60, 16), (38, 9), (20, 3)]
HOSTILE = "\x1b[31m[/]\u202e"
ABOUT = Subject("dcgan", "gan", "digits", "cpu", True, (28, 28))
CRITIC = Subject("dcgan", "wgan-gp", "digits", "cpu", False, (28, 28))
SCORES = {"real": 0.5312, "fake": 0.4123, "fake_after": 0.3812, "loss_D": 1.2145, "loss_G": 1.0123}
GRID = np.tile(np.arange(238, dtype=np.uint8)[None, :, None], (238, 1, 1))


def tick(step: int = 1200, seconds: float = 42.0, events: tuple[Event, ...] = (), **statistics: float) -> Tick:
    return Tick(step, step * 64, seconds, 1932.4, seconds / 100, {**SCORES, **statistics}, events)


def samples() -> Event:
    return Event("samples", Path("samples/step-00001000.png"), GRID)


def drawn(
    about: Subject, *ticks: Tick, size: tuple[int, int] = (120, 40), encoding: str = "utf-8", **options: Any
) -> str:
    """The dashboard after these ticks, as the terminal receives it."""
    record = Record()
    for each in ticks:
        record.add(each)
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    options = {"force_terminal": True, "color_system": "truecolor", "legacy_windows": False, **options}
    console = Console(file=file, width=size[0], height=size[1], _environ={}, **options)
    console.print(Dashboard(about, record))
    file.flush()
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def bare(text: str) -> str:
    """The text without its colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [0, 1, 400])
def test_the_dashboard_fits(size: tuple[int, int], count: int) -> None:
    ticks = [tick(n + 1, n / 10, (samples(),) if n % 50 == 9 else (), extra=math.sin(n)) for n in range(count)]
    lines = bare(drawn(ABOUT, *ticks, size=size)).splitlines()
    assert 1 <= len(lines) <= size[1]
    assert max(map(cell_len, lines)) <= size[0]


@pytest.mark.parametrize("size", SIZES[:4])
def test_the_dashboard_shows_the_tick(size: tuple[int, int]) -> None:
    text = bare(drawn(ABOUT, tick(events=(samples(),)), size=size))
    for part in (
        TIMES.join(("dcgan", "gan", "digits")),
        "step 1,200",
        "76,800 images seen",
        "1,932 images/s",
        "42%",
        "elapsed 0:42",
    ):
        assert part in text
    assert "ETA 0:58" in text
    assert re.search(r"D\(x\) +0\.531", text)
    assert re.search(r"D\(G\(z\)\) before / after +0\.412 / 0\.381", text)
    assert re.search(r"Loss_D +1\.214", text)
    assert re.search(r"Loss_G +1\.012", text)
    assert "step 1,200  samples" in text


@pytest.mark.parametrize("size", SIZES[4:5])
def test_a_small_terminal_still_has_the_scores(size: tuple[int, int]) -> None:
    text = bare(drawn(ABOUT, tick(), size=size))
    assert "step 1,200" in text
    assert "D(x) 0.53  D(G(z)) 0.41/0.38" in text


def test_a_critic_has_scores_and_no_probabilities() -> None:
    text = bare(drawn(CRITIC, tick(real=-12.5, wasserstein=3.25, penalty=0.01)))
    assert "D(x)" not in text
    assert re.search(r"critic real +-12\.500", text)
    assert "critic fake before / after" in text
    assert re.search(r"wasserstein +3\.250", text)


def test_only_wide_terminals_show_the_picture() -> None:
    event = samples()
    assert "▀" in drawn(ABOUT, tick(events=(event,)), size=(80, 24))
    assert "▀" not in drawn(ABOUT, tick(events=(event,)), size=(60, 16))


def test_without_utf8_everything_is_ascii() -> None:
    ticks = [tick(n, n, (samples(),) if n == 5 else ()) for n in range(1, 90)]
    assert drawn(ABOUT, *ticks, encoding="ascii").isascii()


def test_without_colour_there_are_only_shades() -> None:
    text = drawn(ABOUT, tick(events=(samples(),)), no_color=True)
    assert "▀" not in text
    assert not re.search(r"\x1b\[[\d;]*3[0-8]", text)


@pytest.mark.parametrize("size", SIZES)
def test_hostile_names_do_nothing(size: tuple[int, int]) -> None:
    about = Subject(HOSTILE, HOSTILE, HOSTILE, HOSTILE, True)
    event = Event("checkpoint", Path(f"x/{HOSTILE}"))
    text = bare(drawn(about, tick(events=(event, Event(HOSTILE)), **{HOSTILE: 1.0, f"loss_{HOSTILE}": 2.0}), size=size))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_odd_numbers_are_drawn() -> None:
    odd = [math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0]
    ticks = [tick(n + 1, n, loss_D=value, real=value, odd=value) for n, value in enumerate(odd)]
    for size in SIZES:
        assert drawn(CRITIC, *ticks, size=size)


def test_a_spike_survives_a_long_run() -> None:
    history = History(limit=64)
    values = [0.0] * 10_000
    values[3333], values[7001] = 9.0, -9.0
    for value in values:
        history.add(value)
    assert len(history.values) <= 66
    assert (max(history.values), min(history.values)) == (9.0, -9.0)
    assert history.values.index(9.0) / len(history.values) == pytest.approx(1 / 3, abs=0.05)


def test_a_short_history_is_kept_as_it_is() -> None:
    history = History()
    for value in (3.0, 1.0, 2.0, 2.0, 5.0):
        history.add(value)
    assert history.values == [3.0, 1.0, 2.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("values", "curve"),
    [
        ([], ""),
        ([math.nan], ""),
        ([1.0], "▅"),
        ([2.0, 2.0, 2.0], "▅▅▅"),
        ([0.0, 1.0, math.inf, 0.5], "▁█ ▅"),
        ([0.0] * 50 + [1.0] + [0.0] * 49, "▁▁▁▁▁█▁▁▁▁"),
        ([1.0] * 30 + [0.0] + [1.0] * 69, "███▁██████"),
        ([0.0, 1.0] * 50, "▅▅▅▅▅▅▅▅▅▅"),
    ],
)
def test_sparklines(values: list[float], curve: str) -> None:
    assert spark(values, 10) == curve
    assert spark(values, 10, ascii_only=True).isascii()


def test_a_chart_draws_each_series_as_its_own() -> None:
    cells = chart([[1.0] * 8, [0.0] * 8], 4, 2, (0.0, 1.0))
    assert [[number for _, number in row] for row in cells] == [[0] * 4, [1] * 4]
    crossing = chart([[0.0, 1.0], [1.0, 0.0]], 1, 1, (0.0, 1.0))
    assert crossing[0][0][1] == MIXED


def test_a_chart_keeps_spikes() -> None:
    values = [0.0] * 500 + [1.0] + [0.0] * 499
    top = chart([values], 20, 5, (0.0, 1.0))[0]
    assert [number for _, number in top].count(0) == 1


def test_limits_always_have_room() -> None:
    assert limits_of([[2.0, 2.0]]) == (1.0, 3.0)
    assert limits_of([[]]) == (0.0, 1.0)
    assert limits_of([[math.nan, 0.0]]) == (-1.0, 1.0)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("shape", [(64, 64), (10, 200), (200, 10), (7, 5), (1, 1)])
def test_half_blocks_fit_their_cells(channels: int, shape: tuple[int, int]) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=80, _environ={})
    blocks = HalfBlocks(np.full((*shape, channels), 200, np.uint8), 30, 12)
    console.print(blocks)
    lines = bare(file.getvalue()).splitlines()
    height, width = blocks.pixels.shape[:2]
    assert width <= 30
    assert len(lines) == -(-height // 2) <= 12
    assert all(line == "▀" * width for line in lines)


def test_half_blocks_carry_two_pixels_each() -> None:
    file = io.StringIO()
    pixels = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    Console(file=file, force_terminal=True, color_system="truecolor", _environ={}).print(HalfBlocks(pixels, 1, 1))
    assert "38;2;255;0;0" in file.getvalue()
    assert "48;2;0;0;255" in file.getvalue()


def test_pictures_keep_their_aspect_and_grow_by_whole_factors() -> None:
    assert fit(np.zeros((28, 28, 1), np.uint8), 70, 90).shape == (56, 56, 3)
    assert fit(np.zeros((100, 200, 3), np.uint8), 50, 50).shape == (25, 50, 3)


def test_transparent_pixels_are_gray() -> None:
    assert fit(np.zeros((1, 1, 4), np.uint8), 1, 1).ravel().tolist() == [128] * 3


def test_a_grid_is_cut_between_its_images() -> None:
    assert legible(GRID, (28, 28), 62, 33).shape == (118, 118, 1)
    assert legible(GRID, (28, 28), 500, 500).shape == GRID.shape
    assert legible(GRID, (28, 28), 1, 1).shape == (28, 28, 1)


def test_show_prints_shades_where_there_is_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    show(np.full((20, 20, 1), 255, np.uint8), Console(width=40, height=30, color_system=None, _environ={}))
    assert capsys.readouterr().out.splitlines() == ["@" * 40] * 20


def test_plain_is_thinned_and_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = Event("checkpoint", Path("step-00001000.safetensors"))
    with Plain(ABOUT) as shown:
        for n in range(1, 24):
            shown.tick(tick(n * 50, float(n), (samples(), checkpoint) if n == 8 else ()))
    title, *lines = capsys.readouterr().err.splitlines()
    assert "dcgan" in title
    assert [int(re.search(r"step +([\d,]+)", line)[1].replace(",", "")) // 50 for line in lines] == [
        1,
        6,
        8,
        13,
        18,
        23,
    ]  # type: ignore[index]
    assert len({line.index("D(x)") for line in lines}) == 1
    assert lines[2].endswith("samples, checkpoint step-00001000.safetensors")
    assert "D(x) 0.53  D(G(z)) 0.41/0.38  loss D  1.21 G  1.01" in lines[0]
    assert "ETA" in lines[0]


def test_plain_has_no_control_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with Plain(Subject(HOSTILE, HOSTILE, HOSTILE, HOSTILE, True)) as shown:
        shown.tick(tick(events=(Event("checkpoint", Path(HOSTILE)),), **{HOSTILE: 1.0}))
    text = capsys.readouterr().err
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_prints_the_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with JSON() as shown:
        shown.tick(tick(events=(samples(),)))
    line = json.loads(capsys.readouterr().out)
    assert line["step"] == 1200
    assert line["real"] == SCORES["real"]
    assert line["events"] == [{"kind": "samples", "file": "step-00001000.png"}]


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "the terminal has gone")


@pytest.mark.parametrize("shown", [Plain(ABOUT), JSON(), Live(ABOUT, Console(file=Gone(), force_terminal=True))])
def test_a_reader_that_has_gone_stops_no_training(shown: Display, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Gone())
    monkeypatch.setattr(sys, "stderr", Gone())
    with shown:
        shown.tick(tick())
        shown.tick(tick())


def test_live_gives_the_terminal_back_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=80, height=24, _environ={})

    def fail() -> None:
        with Live(ABOUT, console) as shown:
            shown.tick(tick())
            click.echo("Warning: a warning", err=True)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    text = file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rindex("\x1b[?1049l") > text.rindex("\x1b[?1049h")
    assert "0.531" in text[text.rindex("\x1b[?1049l") :]
    assert capsys.readouterr().err == "Warning: a warning\n"


def wait_for(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds; a machine may be slow, so the limit is only there to end a test that fails."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "never happened"
        time.sleep(0.01)


def test_live_draws_while_training_goes_on() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=80, height=24, _environ={})
    with Live(ABOUT, console) as shown:
        shown.tick(tick())
        wait_for(lambda: "0.531" in file.getvalue())


def broken(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("no room")


@pytest.mark.parametrize("method", ["_header", "_table", "_small"])
def test_what_cannot_be_drawn_is_printed_in_lines(
    method: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.StringIO()
    size = {"width": 30, "height": 9} if method == "_small" else {"width": 80, "height": 24}
    console = Console(file=file, force_terminal=True, color_system="truecolor", **size, _environ={})
    monkeypatch.setattr(Dashboard, method, broken)
    with Live(ABOUT, console) as shown:
        shown.tick(tick(10))
        click.echo("Warning: a warning", err=True)
        wait_for(lambda: file.getvalue().endswith("\x1b[?1049l"))
        shown.suspend()
        shown.resume()
        shown.tick(tick(20, 60))
        shown.tick(tick(30, 61))
    said = capsys.readouterr().err
    assert [line for line in said.splitlines() if "step" not in line] == [
        "Warning: a warning",
        "The dashboard cannot be drawn (ZeroDivisionError: no room); lines are printed instead.",
        "Training dcgan with loss gan on digits, cpu",
    ]
    assert [re.search(r"step +(\d+)", line)[1] for line in said.splitlines() if "step" in line] == ["10", "20", "30"]  # type: ignore[index]
    assert file.getvalue().count("\x1b[?1049h") == file.getvalue().count("\x1b[?1049l") == 1


@pytest.mark.parametrize("part", ["Record.add", "Record.say"])
def test_what_cannot_be_noted_stops_no_training(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"gancli.terminal.dashboard.{part}", broken)
    with Live(ABOUT, Console(file=io.StringIO(), force_terminal=True, width=80, height=24, _environ={})) as shown:
        print("a message", file=sys.stderr)
        shown.tick(tick())


def test_a_last_picture_that_cannot_be_drawn_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24, _environ={})
    with Live(ABOUT, console) as shown:
        shown.tick(tick())
        wait_for(lambda: "0.531" in console.file.getvalue())  # type: ignore[attr-defined]
        monkeypatch.setattr(Dashboard, "_page", broken)
        shown.record.tick = tick(1300)
    assert "step    1,300" in capsys.readouterr().err


def test_messages_may_come_from_any_thread_while_the_dashboard_is_drawn() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=80, height=24, _environ={})
    with Live(ABOUT, console) as shown:
        with shown.lock:  # as while a picture is drawn
            speaker = Thread(target=print, args=("from a thread",), kwargs={"file": sys.stderr}, daemon=True)
            speaker.start()
            speaker.join(0.2)
            assert not shown.record.messages
        speaker.join(60)
        assert list(shown.record.messages) == ["from a thread"]


def trainer() -> Any:
    subject = Subject("dcgan", "gan", data_name("folder", "/home/someone/faces/"), "cpu", True, (28, 28))
    return SimpleNamespace(subject=subject, stop=lambda: None)


@pytest.mark.parametrize(
    ("kind", "terminal", "term", "expected"),
    [
        ("auto", True, "xterm-256color", Live),
        ("auto", True, "dumb", Plain),
        ("auto", False, "xterm-256color", Plain),
        ("live", True, "xterm-256color", Live),
        ("live", False, "xterm-256color", Plain),
        ("plain", True, "xterm-256color", Plain),
        ("json", True, "xterm-256color", JSON),
        ("none", True, "xterm-256color", Display),
    ],
)
def test_the_kind_of_display(
    kind: str, terminal: bool, term: str, expected: type[Display], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert type(make_display(kind, trainer())) is expected


def test_what_a_display_knows_of_a_trainer(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    for number in range(8):
        Image.new("L", (28, 28), number).save(tmp_path / "faces" / f"{number}.png")
    source = {"source": f"{tmp_path}/faces/"}
    found = Trainer.of({"data": source, "arch.width": 2, "batch_size": 4, "steps": 1, "device": "cpu"}).subject
    assert (found.arch, found.loss, found.data) == ("dcgan", "gan", "faces")
    assert found.tile == (28, 28)


@pytest.mark.parametrize(
    ("seconds", "text"), [(25, "0:25"), (3723, "1:02:03"), (93784, "1d 02:03"), (None, "-"), (math.inf, "-")]
)
def test_durations(seconds: float | None, text: str) -> None:
    assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.000"),
        (1.23456, "1.235"),
        (0.00123, "0.00123"),
        (0.000012, "1.20e-05"),
        (-123456, "-1.23e+05"),
        (math.nan, "nan"),
    ],
)
def test_figures(value: float, text: str) -> None:
    assert number_text(value) == text


def test_phrases_name_other_statistics_last() -> None:
    text = phrases({"slope": 1.0, "loss_G": 1.0, "real": 0.5, "loss_D": 2.0}, True, aligned=False)
    assert text == ["D(x) 0.50", "loss D 2.00 G 1.00", "slope 1.00"]

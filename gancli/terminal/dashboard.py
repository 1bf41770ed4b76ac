"""The dashboard: one picture of a training in a record, drawn to fit the room there is."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from gancli.base.text import clean, plural
from gancli.base.units import clock_text
from gancli.telemetry.labels import BEFORE_AFTER, LOSS, Row, event_text, numbers_text, phrases, rows
from gancli.telemetry.subject import Subject
from gancli.telemetry.ticks import Kind, Tick
from gancli.terminal.blocks import HalfBlocks, legible
from gancli.terminal.curves import MIXED, Extent, History, chart, limits_of, spark

if TYPE_CHECKING:
    import numpy as np


MESSAGES = 3
GUTTER = 3
WIDE = 120
VERDICTS = {"healthy": "green", "too early": "dim"}
AXIS = 8
LOWEST, TALLEST = 2, 15  # lines of a chart
TIMES = " \N{MULTIPLICATION SIGN} "


@dataclass
class Record:
    """A training so far: its last tick, the last value and the history of each statistic, pictures and messages.

    pictured: the step of `picture`, uint8 (H, W, C), as `real` is; judged: the name of the last verdict.
    """

    tick: "Tick | None" = None
    statistics: dict[str, float] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    picture: "np.ndarray | None" = None
    pictured: int = 0
    real: "np.ndarray | None" = None
    judged: str = ""
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=MESSAGES))

    def add(self, tick: "Tick") -> None:
        """Add a tick."""
        self.tick = tick
        self.statistics |= tick.statistics  # what is measured rarely stands there until it is measured anew
        for name, value in tick.statistics.items():
            self.histories.setdefault(name, History()).add(value)
        for event in tick.events:
            self.messages.append(f"step {tick.step:,}  {event_text(event)}")
            if event.picture is not None and event.kind == Kind.SAMPLES:
                self.picture, self.pictured = event.picture, tick.step
            if event.picture is not None and event.kind == Kind.REAL:
                self.real = event.picture
        if tick.verdict and tick.verdict.name != self.judged:
            if tick.verdict.alarm:
                self.messages.append(f"step {tick.step:,}  {clean(tick.verdict.name)}")
            self.judged = tick.verdict.name

    def say(self, text: str) -> None:
        """Add a message."""
        self.messages.append(clean(text))

    def values(self, name: str) -> list[float]:
        """Return the history of a statistic, oldest value first; empty where it was never measured."""
        return self.histories[name].values if name in self.histories else []


class Dashboard:
    """Draws a record at the width of the console, `height` lines high or as high as it.

    lead: seconds since the last tick, which the clocks add.
    """

    def __init__(self, subject: Subject, record: Record, lead: float = 0.0, height: int | None = None) -> None:
        self.subject, self.record, self.lead, self.height = subject, record, lead, height
        self.hint = ""
        self._blocks: dict[str, tuple[object, HalfBlocks]] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = self.height or options.height or options.size.height
        self.ascii, self.width = options.ascii_only, options.max_width
        yield from (self._small(height) if self.width < 40 or height < 12 else self._page(height))

    def _small(self, height: int) -> Iterable[RenderableType]:
        """One line of progress, then the statistics as far as there is room."""
        tick = self.record.tick
        lines = [Text("waiting for the first step")]
        if tick is not None:
            done = [] if tick.progress is None else [f"{tick.progress:.0%}", f"ETA {self._remaining(tick)}"]
            lines = _packed([*done, f"step {tick.step:,}", f"{tick.rate:,.0f} images/s"], self.width)[:1]
            lines += _packed(phrases(self.record.statistics, self.subject.probabilities, aligned=False), self.width)
        return [self._cut(line) for line in lines[:height]]

    def _page(self, height: int) -> Iterable[RenderableType]:
        top = [*self._header(), self._progress(), Text()]
        bottom = [Text(message, "dim") for message in list(self.record.messages)[-max(1, height // 12) :]]
        bottom = [Text(), *self._verdict(), *self._hinted(bottom)]
        room = height - len(top) - len(bottom)
        return [*map(self._cut, top), self._body(room), *map(self._cut, bottom)]

    def _header(self) -> list[Text]:
        subject, tick = self.subject, self.record.tick
        times = " x " if self.ascii else TIMES
        title = Text(times.join(map(clean, (subject.arch, subject.loss, subject.data))), "bold")
        title.append(f"   {clean(subject.device)}", "not bold dim")
        if tick is None:
            return [title, Text("waiting for the first step", "dim")]
        count = f"step {tick.step:,}   {plural(tick.images, 'image')} seen   {tick.rate:,.0f} images/s"
        if tick.memory is not None and len(count) + 10 <= self.width:
            count += f"   {tick.memory / 1e9:.1f} GB"
        space = self.width - title.cell_len - len(count)
        if space < GUTTER:
            return [title, Text(count)]
        return [title.append(" " * space).append(count, "not bold")]

    def _progress(self) -> Text:
        tick = self.record.tick
        gone = Text(f"elapsed {clock_text(tick.seconds + self.lead if tick else self.lead)}")
        if tick is None or tick.progress is None:
            return gone
        figures = Text(f" {tick.progress:4.0%}   ").append(gone).append(f"   ETA {self._remaining(tick)}")
        long = max(0, self.width - figures.cell_len)
        done = round(long * min(1.0, tick.progress))
        full, empty = ("#", "-") if self.ascii else ("━", "─")
        return Text.assemble((full * done, "cyan"), (empty * (long - done), "dim"), figures)

    def _verdict(self) -> list[Text]:
        """The verdict and its reason, and on a line of its own what to try: the first line may be cut."""
        verdict = self.record.tick.verdict if self.record.tick else None
        if verdict is None:
            return []
        colour = VERDICTS.get(verdict.name, "bold red" if verdict.alarm else "yellow")
        lines = [Text.assemble((clean(verdict.name), colour), (f"  {clean(verdict.why)}", "default"))]
        return [*lines, Text(f"try {clean(verdict.advice)}", colour)] if verdict.advice else lines

    def _hinted(self, lines: list[Text]) -> list[Text]:
        """The last line with the keys at its right end, where there is room for them."""
        if not self.hint:
            return lines
        last = lines[-1] if lines else Text()
        space = self.width - last.cell_len - len(self.hint)
        return [*lines[:-1], last.append(" " * space).append(self.hint, "dim")] if space >= GUTTER else lines

    def _remaining(self, tick: "Tick") -> str:
        return clock_text(None if tick.remaining is None else max(0.0, tick.remaining - self.lead))

    def _body(self, room: int) -> RenderableType:
        """Figures and curves, with the picture beside them where there is width for it."""
        if self.width < 72 or room < 10:
            return Group(*self._figures(self.width, room))
        record = self.record
        title = f"Samples at step {record.pictured:,}" if record.picture is not None else "Samples: none yet"
        panels = [(title, record.picture)]
        if self.width >= WIDE and record.real is not None:
            panels.append(("Real images", record.real))
        share = 0.46 if len(panels) == 1 else 0.36
        most = self.width - max(44, int(self.width * share)) - GUTTER * len(panels)
        wide = min(2 * (room - 1), most // len(panels))
        left = self.width - (wide + GUTTER) * len(panels)
        table = Table.grid(padding=0)
        for width in (left, *(GUTTER, wide) * len(panels)):
            table.add_column(width=width, no_wrap=True)
        cells: list[RenderableType] = [Group(*self._figures(left, room))]
        for panel in panels:
            cells += ["", self._panel(*panel, wide, room)]
        table.add_row(*cells)
        return table

    def _panel(self, title: str, picture: "np.ndarray | None", columns: int, room: int) -> RenderableType:
        head = Text(title, "dim" if picture is None else "bold", no_wrap=True)
        if picture is None:
            return head
        key, slot = (id(picture), columns, room), title.split()[0]
        if slot not in self._blocks or self._blocks[slot][0] != key:
            part = legible(picture, self.subject.tile, columns, room - 1) if self.subject.tile else picture
            self._blocks[slot] = key, HalfBlocks(part, columns, room - 1)
        return Group(head, self._blocks[slot][1])

    def _figures(self, width: int, room: int) -> list[Text]:
        """The table of statistics, then the charts that still have room."""
        statistics = self.record.statistics
        table = rows(statistics, self.subject.probabilities)
        lines = self._table(table, statistics, width)[:room]
        charts = [group for group in (self._scores(table), self._losses(table)) if group]
        while charts and (share := (room - len(lines)) // len(charts) - 2) < LOWEST:
            charts.pop()
        for group in charts:
            lines += [Text(), *self._chart(group, width, _odd(min(share, TALLEST)))]
        return [self._cut(line, width) for line in lines]

    def _table(self, table: Sequence[Row], statistics: Mapping[str, float], width: int) -> list[Text]:
        """A line for each row: its label, its numbers and a small curve."""
        cells = [(row, " / ".join(numbers_text(row, statistics, self.subject.probabilities))) for row in table]
        label = min(max((len(row.label) for row in table), default=0), width // 2)
        number = max((len(text) for _, text in cells), default=0)
        return [self._row(row, text, label, number, width) for row, text in cells]

    def _row(self, row: Row, text: str, label: int, number: int, width: int) -> Text:
        name = Text(row.label if len(row.label) <= label else row.label.removesuffix(BEFORE_AFTER), row.colour)
        name.truncate(label, pad=True)
        curve = spark(self.record.values(row.names[0]), width - label - number - 2 * 2, self.ascii)
        return Text.assemble(name, f"  {text:>{number}}  ", (curve, row.colour))

    def _scores(self, table: Sequence[Row]) -> list[Row]:
        """The rows of D's scores of real and of generated images, for the first chart."""
        scores = [row for row in table if row.score]
        return scores if self.record.values("real") or len(scores) > 1 else []

    def _losses(self, table: Sequence[Row]) -> list[Row]:
        return [row for row in table if row.names[0].startswith(LOSS)]

    def _chart(self, group: Sequence[Row], width: int, height: int) -> list[Text]:
        """A legend, and the curves of the rows with the limits at their left."""
        series = [self.record.values(row.names[0]) for row in group]
        certain = self.subject.probabilities and group[0].score
        limits = (0.0, 1.0) if certain else limits_of(series)
        drawn = chart(series, width - AXIS, height, limits, self.ascii)
        styles = {number: row.colour for number, row in enumerate(group)} | {MIXED: "bold"}
        legend = Text("   ").join(self._legend(row, number) for number, row in enumerate(group))
        axis = _axis(limits, height)
        lines = [legend]
        for mark, cells in zip(axis, drawn, strict=True):
            runs = [("".join(c for c, _ in same), styles[n]) for n, same in groupby(cells, lambda cell: cell[1])]
            lines.append(Text.assemble((f"{mark:>{AXIS - 1}} ", "dim"), *runs))
        return lines

    def _legend(self, row: Row, number: int) -> Text:
        mark = "xo+*"[number % 4] if self.ascii else "━"
        return Text(f"{mark} {row.label.removesuffix(BEFORE_AFTER)}", row.colour)

    def _cut(self, line: Text, width: int | None = None) -> Text:
        line.no_wrap = True
        line.truncate(width or self.width, overflow="crop" if self.ascii else "ellipsis")
        return line


def _odd(height: int) -> int:
    """The height, less one if it is even, so that a line is in the middle for the axis to mark; below 5 as it is."""
    return height - 1 if height >= 5 and height % 2 == 0 else height


def _axis(limits: Extent, height: int) -> list[str]:
    """The label of each line, top first: the limits at the ends and, for a height of 5 or more, their mean between."""
    low, high = limits
    marks = [""] * height
    marks[0], marks[-1] = f"{high:.3g}", f"{low:.3g}"
    if height >= 5:
        marks[height // 2] = f"{low / 2 + high / 2:.3g}"
    return marks


def _packed(words: Sequence[str], width: int) -> list[Text]:
    """Words joined to as few lines of that width as hold them."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 2 + len(word) <= width:
            lines[-1] += f"  {word}"
        else:
            lines.append(word)
    return [Text(line) for line in lines]

"""What statistics, durations and events are called on a screen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from gancli.base.text import clean
from gancli.telemetry.ticks import Event, Kind

LOSS = "loss_"
GRADIENT = "grad_"
BEFORE_AFTER = " before / after"
COLOURS = {"real": "cyan", "fake": "magenta", "fake_after": "magenta", "loss_D": "yellow", "loss_G": "green"}


@dataclass(frozen=True)
class Row:
    """A label, the statistic behind it, or the two behind `before / after`, and its colour."""

    label: str
    names: tuple[str, ...]
    colour: str
    score: bool = False


def rows(names: Iterable[str], probabilities: bool) -> list[Row]:
    """The rows of a table of statistics: D's scores, the losses, then whatever else there is, in its own order."""
    left = list(names)
    table = _scores(left, probabilities)
    losses = sorted((n for n in left if n.startswith(LOSS)), key=lambda n: (n not in COLOURS, n))
    table += [Row(f"Loss_{clean(n[len(LOSS) :])}", (n,), COLOURS.get(n, "yellow")) for n in losses]
    used = {name for row in table for name in row.names}
    return table + [Row(_other(n), (n,), "bright_blue") for n in left if n not in used]


def _other(name: str) -> str:
    return clean(f"gradient {name[len(GRADIENT) :]}" if name.startswith(GRADIENT) else name)


def _scores(names: list[str], probabilities: bool) -> list[Row]:
    real, fake = ("D(x)", "D(G(z))") if probabilities else ("critic real", "critic fake")
    pair = tuple(name for name in ("fake", "fake_after") if name in names)
    scores = [Row(real, ("real",), COLOURS["real"], True)] if "real" in names else []
    label = fake + BEFORE_AFTER if len(pair) == 2 else fake
    return [*scores, Row(label, pair, COLOURS["fake"], True)] if pair else scores


def figures(row: Row, statistics: Mapping[str, float], probabilities: bool, digits: int = 3) -> list[str]:
    """The row's numbers; a probability always has the same number of digits."""
    fixed = probabilities and row.score
    return [figure(statistics[name], digits, fixed) for name in row.names if name in statistics]


def figure(value: float, digits: int = 3, fixed: bool = False) -> str:
    """A number with so many decimals, or if it is small so many digits; beyond that, unless fixed, a power of ten."""
    if fixed or value == 0 or 10.0 ** (1 - digits) <= abs(value) < 10_000:
        return f"{value:.{digits}f}"
    if 1e-4 <= abs(value) < 1:
        return f"{value:.{digits}g}"
    return f"{value:.{digits - 1}e}"


def phrases(statistics: Mapping[str, float], probabilities: bool, aligned: bool = True) -> list[str]:
    """The statistics in words: `D(x) 0.53`, `D(G(z)) 0.41/0.38`, `loss D 1.21 G 1.01`."""
    words = []
    statistics = {name: value for name, value in statistics.items() if not name.startswith(GRADIENT)}
    for losses, group in groupby(rows(statistics, probabilities), lambda row: row.names[0].startswith(LOSS)):
        texts = [_phrase(row, statistics, probabilities, aligned) for row in group]
        words += [f"loss {' '.join(texts)}"] if losses else texts
    return words


def _phrase(row: Row, statistics: Mapping[str, float], probabilities: bool, aligned: bool) -> str:
    width = 0 if not aligned or (row.score and probabilities) else 5 if probabilities else 8
    numbers = "/".join(number.rjust(width) for number in figures(row, statistics, probabilities, 2))
    return f"{row.label.removesuffix(BEFORE_AFTER).removeprefix('Loss_')} {numbers}"


def happened(event: Event) -> str:
    """What an event is on a screen: its words, or its kind, and for a checkpoint its file."""
    if event.text:
        return clean(event.text)
    return clean(f"checkpoint {event.path.name}" if event.kind == Kind.CHECKPOINT and event.path else event.kind)

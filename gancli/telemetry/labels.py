"""The words for statistics and events on a screen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, groupby

from gancli.base.text import clean
from gancli.telemetry.ticks import Event, Kind

LOSS = "loss_"
GRADIENT = "grad_"
BEFORE_AFTER = " before / after"
COLOURS = {"real": "cyan", "fake": "magenta", "fake_after": "magenta", "loss_D": "yellow", "loss_G": "green"}


@dataclass(frozen=True)
class Row:
    """A row of a table: its label, its statistic (two for `before / after`), its colour, and whether D gave it."""

    label: str
    names: tuple[str, ...]
    colour: str
    score: bool = False


def rows(names: Iterable[str], probabilities: bool) -> list[Row]:
    """The rows of a table of statistics: scores of D, losses, then all others in the order they come in."""
    remaining = list(names)
    table = _scores(remaining, probabilities)
    losses = sorted((n for n in remaining if n.startswith(LOSS)), key=lambda n: (n not in COLOURS, n))
    table += [Row(f"Loss_{clean(n[len(LOSS) :])}", (n,), COLOURS.get(n, "yellow")) for n in losses]
    used = set(chain.from_iterable(row.names for row in table))
    return table + [Row(_label(n), (n,), "bright_blue") for n in remaining if n not in used]


def _label(name: str) -> str:
    return clean(f"gradient {name[len(GRADIENT) :]}" if name.startswith(GRADIENT) else name)


def _scores(names: list[str], probabilities: bool) -> list[Row]:
    real, fake = ("D(x)", "D(G(z))") if probabilities else ("critic real", "critic fake")
    pair = tuple(name for name in ("fake", "fake_after") if name in names)
    scores = [Row(real, ("real",), COLOURS["real"], True)] if "real" in names else []
    label = fake + BEFORE_AFTER if len(pair) == 2 else fake
    return [*scores, Row(label, pair, COLOURS["fake"], True)] if pair else scores


def numbers_text(row: Row, statistics: Mapping[str, float], probabilities: bool, digits: int = 3) -> list[str]:
    """The numbers of a row as text; a probability always has the same number of decimals."""
    fixed = probabilities and row.score
    return [number_text(statistics[name], digits, fixed) for name in row.names if name in statistics]


def number_text(value: float, digits: int = 3, fixed: bool = False) -> str:
    """A number with `digits` decimals; unless `fixed`, a small one has as many digits, others a power of ten."""
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
    numbers = "/".join(number.rjust(width) for number in numbers_text(row, statistics, probabilities, 2))
    return f"{row.label.removesuffix(BEFORE_AFTER).removeprefix('Loss_')} {numbers}"


def event_text(event: Event) -> str:
    """An event in words: its text, or its kind, and for a checkpoint its file."""
    if event.text:
        return clean(event.text)
    return clean(f"checkpoint {event.path.name}" if event.kind == Kind.CHECKPOINT and event.path else event.kind)

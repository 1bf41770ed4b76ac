"""What a run is at a glance, from its files alone: no torch, and nothing in them is trusted."""

from dataclasses import dataclass
from typing import Any

import tomli

from gancli import history
from gancli.display import About, data_name
from gancli.run import Run
from gancli.ticks import Tick
from gancli.verdicts import Verdict

LOWER, HIGHER = ("fid", "kid"), ("precision", "recall", "coverage", "density")


@dataclass(frozen=True)
class Overview:
    """A run, what it trains, how far it is, how it goes, and the best figure of an evaluation if there was one."""

    run: Run
    about: About
    state: str
    last: Tick | None
    verdict: Verdict | None
    best: tuple[str, float] | None

    def document(self) -> dict[str, Any]:
        """The overview as JSON holds it."""
        tick = self.last
        return {
            "run": self.run.name,
            "path": str(self.run.path),
            "arch": self.about.arch,
            "loss": self.about.loss,
            "data": self.about.data,
            "step": tick.step if tick else 0,
            "images_seen": tick.images if tick else 0,
            "seconds": tick.seconds if tick else 0.0,
            "state": self.state,
            "verdict": self.verdict.document() if self.verdict else None,
            "best": dict([self.best]) if self.best else None,
        }


def overview(run: Run) -> Overview:
    """The overview of a run."""
    seen = list(history.ticks(run.metrics, run.path))
    verdict = next((tick.verdict for tick in reversed(seen) if tick.verdict), None)
    return Overview(run, about(run), run.state, seen[-1] if seen else None, verdict, _best(seen))


def about(run: Run) -> About:
    """What a run trains: as it told when it began, or else what its settings say."""
    if known := history.told(run.metrics):
        return known[0]
    settings = settings_of(run)
    source = str(_part(settings, "data").get("source", "?"))
    names = [str(_part(settings, part).get("name", "?")) for part in ("arch", "loss", "data")]
    return About(names[0], names[1], data_name(names[2], source), "?", names[1] == "gan")


def settings_of(run: Run) -> dict[str, Any]:
    """The settings of a run; empty where they cannot be read."""
    try:
        return tomli.loads(run.config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _part(settings: dict[str, Any], name: str) -> dict[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, dict) else {"name": found} if isinstance(found, str) else {}


def _best(seen: list[Tick]) -> tuple[str, float] | None:
    """The best figure of an evaluation, of the first kind that was measured."""
    for names, choose in ((LOWER, min), (HIGHER, max)):
        for name in names:
            if values := [tick.statistics[name] for tick in seen if name in tick.statistics]:
                return name, choose(values)
    return None

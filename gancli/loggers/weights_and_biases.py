"""Weights & Biases: statistics and grids of samples, on its server or, with WANDB_MODE=offline, in the run's folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancli.base.errors import GanError
from gancli.loggers.contract import Logger

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


class WandB(Logger):
    """Reports to the project `gancli`, or to WANDB_PROJECT; with WANDB_MODE=offline it writes to disk alone.

    A resumed run continues its run on Weights & Biases, whose id is in `wandb-id.txt` in the run's folder.
    """

    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        try:
            import wandb
        except ImportError as error:
            raise GanError(
                "Logger wandb needs the package wandb.", "Install it: pip install 'gancli[wandb]'"
            ) from error
        self._wandb: Any = wandb
        self._run: Any = None

    def begin(self, trainer: "Trainer") -> None:
        """Begin a run of the same name with all settings, or continue the one that this run began before."""
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", "gancli"),
            name=self.run.name,
            id=self._read_id(),
            resume="allow",
            dir=str(self.run.path.absolute()),
            config=trainer.settings.document(),
            allow_val_change=True,
            settings=self._wandb.Settings(silent=True),
        )
        self._id.write_text(self._run.id, encoding="utf-8")
        # Its own count of calls only grows, and what is logged to a smaller one is dropped: a run may go back.
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")

    def tick(self, tick: "Tick") -> None:
        """Report the statistics, and the pictures that were made."""
        values: dict[str, Any] = {**tick.statistics, "rate": tick.rate, "images": tick.images, "step": tick.step}
        if tick.verdict:
            values["verdict"] = tick.verdict.name
        for event in tick.events:
            if event.picture is not None:
                values[event.kind] = self._wandb.Image(event.picture)
        self._run.log(values)

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.finish()

    @property
    def _id(self) -> Path:
        return self.run.path / "wandb-id.txt"

    def _read_id(self) -> str | None:
        return self._id.read_text(encoding="utf-8").strip() or None if self._id.exists() else None

"""Weights & Biases: statistics and grids of samples, on its server or, with WANDB_MODE=offline, in the run's folder."""

from typing import TYPE_CHECKING, Any

from gancli.base.errors import GanError
from gancli.loggers.contract import Logger

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


class WandB(Logger):
    """Reports to the project `gancli`, or what WANDB_PROJECT says; WANDB_MODE=offline writes to disk alone."""

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
        """Begin a run of the same name, with all settings."""
        import os

        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", "gancli"),
            name=self.run.name,
            dir=str(self.run.path),
            config=trainer.settings.document(),
            settings=self._wandb.Settings(silent=True),
        )

    def tick(self, tick: "Tick") -> None:
        """Report the statistics, and the pictures that were made."""
        values: dict[str, Any] = {**tick.statistics, "rate": tick.rate, "images": tick.images}
        if tick.verdict:
            values["verdict"] = tick.verdict.name
        for event in tick.events:
            if event.picture is not None:
                values[event.kind] = self._wandb.Image(event.picture)
        self._run.log(values, step=tick.step)

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.finish()

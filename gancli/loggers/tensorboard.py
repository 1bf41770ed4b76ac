"""TensorBoard: the scalars of the tutorials, the grids of samples, and the graphs of the networks."""

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

from gancli.base.errors import GanError
from gancli.loggers.contract import Logger

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer

GROUPS = {
    "real": "D(x)",
    "fake": "D(G(z)) before",
    "fake_after": "D(G(z)) after",
    "loss_D": "Loss_D",
    "loss_G": "Loss_G",
}


class TensorBoard(Logger):
    """Writes event files into the run's folder `tensorboard`: `tensorboard --logdir runs` shows all runs."""

    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise GanError(
                "Logger tensorboard needs the package tensorboard.", "Install it: pip install 'gancli[tensorboard]'"
            ) from error
        self._open = partial(SummaryWriter, str(run.path / "tensorboard"))
        self._writer: SummaryWriter | None = None
        self._step = 0

    def begin(self, trainer: "Trainer") -> None:
        """Open an event file, and write the graphs of the networks that can be traced."""
        import torch

        self._go_on_from(trainer.step)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            for name, network in trainer.networks.items():
                self._graph(name, network, trainer)

    def tick(self, tick: "Tick") -> None:
        """Write the statistics, and the pictures that were made."""
        if tick.step <= self._step:
            self._go_on_from(tick.step)
        self._step, writer = tick.step, self.writer
        for name, value in {**tick.statistics, "images/s": tick.rate}.items():
            writer.add_scalar(GROUPS.get(name, name), value, tick.step)
        if tick.verdict and tick.verdict.alarm:
            writer.add_text("verdict", f"{tick.verdict.name}. {tick.verdict.why}", tick.step)
        for event in tick.events:
            if event.picture is not None:
                writer.add_image(event.kind, event.picture, tick.step, dataformats="HWC")

    def close(self) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()

    @property
    def writer(self) -> "SummaryWriter":
        """The writer of the event file, once the logger has begun."""
        assert self._writer is not None
        return self._writer

    def _go_on_from(self, step: int) -> None:
        """Begin another event file, which has TensorBoard leave out later steps in the files before it."""
        self.close()
        self._writer = self._open(purge_step=step + 1)
        self._step = step

    def _graph(self, name: str, network: Any, trainer: "Trainer") -> None:
        from copy import deepcopy

        # A copy: tracing runs the network, which would move the statistics of its normalisation.
        try:
            self.writer.add_graph(*_traceable(name, deepcopy(network).eval(), trainer))
        except Exception:
            return  # not every network can be traced, and the rest is of use without its graph


def _traceable(name: str, network: Any, trainer: "Trainer") -> tuple[Any, Any]:
    """Return the network to trace, and a batch of two to call it with: latents for generators, images for others."""
    import torch

    class Unconditional(torch.nn.Module):
        """Calls the network with the class None, which a trace cannot take as an input."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor) -> Any:
            return self.network(x, None)

    y = torch.zeros(2, dtype=torch.long, device=trainer.device) if trainer.conditional else None
    if name in trainer.average.networks:
        first = trainer.game.inputs.draw(0, range(2), y).to(trainer.device)
    else:
        first = torch.zeros(2, *trainer.data.spec.shape, device=trainer.device)
    return (Unconditional(), first) if y is None else (network, (first, y))

"""What checkpoints cost a training, and whether memory grows over many of them.

    uv run python benchmarks/saving.py            one a minute, dcgan at 64 px, on the CPU
    uv run python benchmarks/saving.py memory     20,000 steps of a tiny network with 200 checkpoints

The cost is what the training thread waits (the look for what is not finite, the copy, and the pictures left out) and
what the saver's thread computes, over a minute.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from gancli.compute.memory import memory_used
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.runs.run import Run
from gancli.runs.saver import Saver
from gancli.training import divergence, state
from gancli.training.trainer import Trainer

SAVES, MINUTE = 5, 60.0


def trainer(**given: object) -> Trainer:
    """A training in a temporary run."""
    values = {name.replace("__", "."): value for name, value in given.items()}
    settings = resolve([Config("benchmark", {"device": "cpu", **values})]).settings
    run = Run(Path(tempfile.mkdtemp()) / "run")
    run.make()
    return Trainer(settings, settings.data.load(), run)


def cost() -> None:
    """The seconds of a save, a line each, and their share of a minute."""
    training = trainer(arch__width=64, data__size="64", data__channels=3, data__count=64, batch_size=8, steps=2)
    list(training)
    saver, shares = Saver(training.run, 3), []
    for number in range(SAVES):
        begun, processor = time.perf_counter(), time.process_time()
        assert divergence.in_tensors(training.tensors()) is None
        saver.submit(training.tensors(), state.header(training))
        waited = time.perf_counter() - begun
        saver.wait()
        used = time.process_time() - processor
        shares.append(max(used, waited))
        size = training.run.latest().stat().st_size / 1e6
        print(f"save {number + 1} of {size:.0f} MB: training waits {waited:.3f} s, both threads compute {used:.3f} s")
    usual = sorted(shares[1:])[len(shares) // 2 - 1]
    print(
        f"at one checkpoint a minute: {usual / MINUTE:.2%} (the first one, which takes the memory: {shares[0]:.2f} s)"
    )


def growth() -> None:
    """The memory of the process over a long run with many checkpoints."""
    small = {"arch__name": "gan", "arch__units": 8, "arch__d_units": 8, "arch__latent": 8}
    data = {"data__size": "8", "data__count": 40, "batch_size": 8}
    training = trainer(**small, **data, steps=20_000, checkpoint_every="100", log_every="500", sample_every="5000")
    saves = 0
    for tick in training:
        saves += sum(event.kind == "checkpoint" for event in tick.events)
        if tick.step % 2000 == 0:
            print(f"step {tick.step:>6,}  {saves:>3} checkpoints  {(memory_used(training.device) or 0) / 1e6:.1f} MB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"peak {peak:.1f} MB")


if __name__ == "__main__":
    growth() if sys.argv[1:] == ["memory"] else cost()

"""How OpenMP's waiting threads change training speed, alone and beside a busy process.

    uv run python benchmarks/threads.py

Each setting trains in a process of its own, since it is read when torch is loaded; settings take turns, so that a
machine whose speed drifts treats them alike. Prints the median steps a second of each.
"""

import os
import statistics
import subprocess
import sys
import time

SETTINGS = {
    "OpenMP's own": {},
    "GOMP_SPINCOUNT=10000 (gan)": {"GOMP_SPINCOUNT": "10000"},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"},
}
ROUNDS, SECONDS = 3, 5.0


def measure() -> float:
    """Steps a second of the default network in this process."""
    from gancli.config.config import Config
    from gancli.config.layers import resolve
    from gancli.training.trainer import Trainer

    settings = resolve([Config("benchmark", {"device": "cpu", "data.count": 1000, "arch.width": 32})]).settings
    trainer = Trainer(settings, settings.data.load())
    steps, begun = 0, 0.0
    for _ in trainer:
        if trainer.step > 10 and not begun:
            steps, begun = trainer.step, time.perf_counter()
        elif begun and time.perf_counter() - begun > SECONDS:
            break
    return (trainer.step - steps) / (time.perf_counter() - begun)


def in_a_process(extra: dict[str, str]) -> float:
    """The same under other settings of the environment."""
    clean = {key: value for key, value in os.environ.items() if key not in {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}}
    done = subprocess.run([sys.executable, __file__, "measure"], env=clean | extra, capture_output=True, text=True)
    return float(done.stdout)


def table(title: str) -> None:
    """A line for each setting."""
    speeds: dict[str, list[float]] = {name: [] for name in SETTINGS}
    for _ in range(ROUNDS):
        for name, extra in SETTINGS.items():
            speeds[name].append(in_a_process(extra))
    print(title)
    for name, values in speeds.items():
        print(f"  {name:<28} {statistics.median(values):6.1f} steps/s   ({min(values):.1f} to {max(values):.1f})")


def main() -> None:
    """Both tables, or one measurement."""
    if sys.argv[1:] == ["measure"]:
        print(measure())
        return
    table("alone")
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        table("beside one busy process")
    finally:
        busy.kill()


if __name__ == "__main__":
    main()

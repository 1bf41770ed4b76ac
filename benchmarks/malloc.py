"""What a training step costs the CPU with the C library's memory as it is, and kept as `gan` has it (Linux, glibc).

    uv run python benchmarks/malloc.py [--width 64] [--steps 60] [--rounds 3]

Each measurement is a process of its own; the two take turns. CPU time is the user's and the system's: page faults are
the system's.
"""

import argparse
import resource
import statistics
import subprocess
import sys


def measure(kept: bool, width: int, steps: int) -> str:
    """CPU milliseconds of the user and of the system, and page faults, of a step of the default networks."""
    from gancli.compute.process import keep_memory
    from gancli.config.config import Config
    from gancli.config.layers import resolve
    from gancli.training.trainer import Trainer

    if kept:
        keep_memory()
    given = {"device": "cpu", "data.count": 1000, "arch.width": width, "steps": 10**6, "eval_every": "0"}
    settings = resolve([Config("benchmark", {**given, "sample_every": "0"})]).settings
    trainer, first, before = Trainer(settings, settings.data.load()), 0, None
    for tick in trainer:
        if before is None:
            first, before = tick.step, resource.getrusage(resource.RUSAGE_SELF)
        elif tick.step - first >= steps:
            break
    after, done = resource.getrusage(resource.RUSAGE_SELF), tick.step - first
    assert before is not None
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return f"{user / done * 1e3} {system / done * 1e3} {(after.ru_minflt - before.ru_minflt) / done}"


def main() -> None:
    """Both ways in turns, and the median of each figure; or one measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=["as it is", "kept"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(measure(options.measure == "kept", options.width, options.steps))
        return
    words = [sys.executable, __file__, "--width", str(options.width), "--steps", str(options.steps), "--measure"]
    found: dict[str, list[list[float]]] = {"as it is": [], "kept": []}
    for _ in range(options.rounds):
        for way, figures in found.items():
            done = subprocess.run([*words, way], capture_output=True, text=True, check=True)
            figures.append([float(figure) for figure in done.stdout.split()[-3:]])
    for way, figures in found.items():
        user, system, faults = (statistics.median(values) for values in zip(*figures, strict=True))
        print(f"{way:<10} user {user:7.1f} ms   system {system:6.1f} ms   page faults {faults:8,.0f}")


if __name__ == "__main__":
    main()

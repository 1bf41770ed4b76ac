"""What installed plugins cost: `gan list` with none and with many, each the fastest of several runs.

    python benchmarks/plugins.py [--plugins 30] [--runs 9]

Each plugin is a real package with a dist-info; its hook adds an architecture, a loss and a command.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fake_package import hook, write


def main() -> None:
    """Print milliseconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plugins", type=int, default=30)
    parser.add_argument("--runs", type=int, default=9)
    chosen = parser.parse_args()
    for count in (0, chosen.plugins):
        with TemporaryDirectory() as folder:
            install(Path(folder), count)
            print(f"gan list with {count} plugins: {1000 * fastest(folder, chosen.runs):.0f} ms")


def install(folder: Path, count: int) -> None:
    """Write that many packages."""
    for number in range(count):
        offers = [(kind, f"{kind}{number}", f"gancli_x{number}.x:X") for kind in ("architecture", "loss", "command")]
        write(folder, f"gancli-x{number}", hook(*offers))


def fastest(folder: str, runs: int) -> float:
    """Seconds of the fastest run of `gan list`."""
    environment = {**os.environ, "PYTHONPATH": folder}
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "gancli", "list"], env=environment, check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


if __name__ == "__main__":
    main()

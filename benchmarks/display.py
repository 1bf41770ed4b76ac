"""What the live display costs a training: CPU seconds of its thread and blocking of the main one, over wall seconds.

    python benchmarks/display.py [--seconds 30] [--size 140x45]

A DCGAN of digits, 28x28, is trained with the display in a pseudo-terminal of that size, which is read as fast as it
is written. The thread's own CPU clock and the wall time spent in `Display.tick` are summed.
"""

import argparse
import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gancli.terminal.live import Live


def main() -> None:
    """Train, and print the share."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--size", default="140x45")
    chosen = parser.parse_args()
    columns, rows = map(int, chosen.size.split("x"))
    terminal = _terminal(columns, rows)
    told = os.fdopen(os.dup(1), "w")
    os.environ["TERM"], sys.stderr = "xterm-256color", os.fdopen(terminal, "w")

    from gancli.config.config import Config
    from gancli.config.layers import resolve
    from gancli.terminal.live import Live
    from gancli.training.trainer import Trainer

    values = {"data.count": 4000, "data.size": "28", "arch.width": 16, "device": "cpu", "time": f"{chosen.seconds}s"}
    settings = resolve([Config("benchmark", values)]).settings
    trainer = Trainer(settings, settings.data.load())
    display = Live(trainer.subject)
    spent = _measured(display)
    begun = time.perf_counter()
    with display:
        for tick in trainer:
            since = time.perf_counter()
            display.tick(tick)
            spent["blocking"] += time.perf_counter() - since
    wall = time.perf_counter() - begun
    share = (spent["thread"] + spent["blocking"]) / wall
    print(
        f"{chosen.size}: thread {spent['thread']:.3f} s CPU, main thread blocked {spent['blocking']:.4f} s, "
        f"{spent['frames']:.0f} frames, in {wall:.1f} s: {share:.2%}",
        file=told,
    )


def _measured(display: "Live") -> dict[str, float]:
    """Have the display count its thread's CPU seconds and its frames."""
    spent = {"thread": 0.0, "blocking": 0.0, "frames": 0.0}
    draw, refresh = display._draw, display._screen.refresh

    def counted_draw() -> None:
        draw()
        spent["thread"] = time.thread_time()

    def counted_refresh(*words: Any) -> None:
        spent["frames"] += 1
        refresh(*words)

    display._draw, display._screen.refresh = counted_draw, counted_refresh  # type: ignore[method-assign]
    return spent


def _terminal(columns: int, rows: int) -> int:
    """The near end of a pseudo-terminal whose far end is read by a thread."""
    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def drain() -> None:
        while os.read(far, 65536):
            pass

    threading.Thread(target=drain, daemon=True).start()
    return near


if __name__ == "__main__":
    main()

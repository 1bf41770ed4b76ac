"""What data costs: preparing an archive, starting again, and batches beside the steps that use them.

    python benchmarks/data.py prepare IMAGES.zip --size 32
    python benchmarks/data.py start IMAGES.zip --size 32
    python benchmarks/data.py batches IMAGES.zip --size 64
    python benchmarks/data.py memory

`prepare` gives the seconds and CPU seconds until the images are ready, the first time and from the cache. `start`
gives those of a dcgan run up to its first step, with all imported and the cache filled. `batches` gives the CPU seconds
of a batch and of a whole dcgan step on the CPU, for each residence. `memory` gives the peak of this process for growing
numbers of images. CPU seconds count those of the processes that decode.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BATCH = 64


def cpu() -> float:
    """CPU seconds of this process and of those it has ended."""
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measured(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds and CPU seconds of an action."""
    wall, busy = time.perf_counter(), cpu()
    action()
    return time.perf_counter() - wall, cpu() - busy


def settings(source: str, size: str, **options: object):
    from gancli.config.config import Config
    from gancli.config.layers import resolve

    fixed = {"data.source": source, "data.size": size, "batch_size": BATCH, "steps": 10**6, "device": "cpu"}
    return resolve([Config("benchmark", {**fixed, **{f"data.{k}": v for k, v in options.items()}})]).settings


def prepare(source: str, size: str) -> None:
    import torch  # noqa: F401 - what is imported once does not count

    data = settings(source, size).data
    for name in ("first", "again"):
        wall, busy = measured(data.load)
        print(f"{name:<6} {wall:7.2f} s  {busy:7.2f} CPU seconds")


def start(source: str, size: str) -> None:
    import torch._dynamo  # noqa: F401 - every optimiser of torch imports it

    from gancli.training.trainer import Trainer

    chosen = settings(source, size)
    chosen.data.load()
    wall, busy = measured(lambda: Trainer(chosen, chosen.data.load())._play())
    print(f"first step {wall:7.2f} s  {busy:7.2f} CPU seconds")


def batches(source: str, size: str, count: int = 200, steps: int = 12) -> None:
    from gancli.data.stream import Source
    from gancli.training.trainer import Trainer

    chosen = settings(source, size)
    images = chosen.data.load()
    trainer = Trainer(chosen, images)
    trainer.stepper.play()
    _, step = measured(lambda: [trainer.stepper.play() for _ in range(steps)])
    print(f"a dcgan step      {1000 * step / steps:9.2f} CPU ms")
    resident = Source(images, 0, trainer.device)
    resident.batch(BATCH)
    _, cached = measured(lambda: [resident.batch(BATCH) for _ in range(count)])
    print(f"a cached batch    {1000 * cached / count:9.2f} CPU ms  {100 * (cached / count) / (step / steps):.2f} %")
    streamed = Source(settings(source, size, cache_limit=0, workers=0).data.load(), 0, trainer.device)
    _, busy = measured(lambda: [streamed.batch(BATCH) for _ in range(20)])
    print(f"a streamed batch  {1000 * busy / 20:9.2f} CPU ms  {100 * (busy / 20) / (step / steps):.2f} %")


PEAK = """
import resource, sys
from gancli.config.layers import rebuild
from gancli.config.sources import find_dataset
source, limit = sys.argv[1:]
data = {"name": find_dataset(source).name, "source": source, "size": 32, "channels": 3, "workers": 0}
images = rebuild("data", {"data": data | ({"cache_limit": 0} if limit == "0" else {})}).load()
rows = [images.pixels[list(range(i, i + 64))].sum() for i in range(0, len(images) - 64, 997)]
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, int(status["RssAnon"].split()[0]) // 1024)
"""


def memory() -> None:
    import io
    import zipfile

    from PIL import Image

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for count in (5_000, 20_000, 80_000):
            path = Path(folder) / f"{count}.zip"
            with zipfile.ZipFile(path, "w") as archive:
                for number in range(count):
                    file = io.BytesIO()
                    Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(file, "BMP")
                    archive.writestr(f"{number % 10}/{number}.bmp", file.getvalue())
            for limit in ("auto", "0"):
                environment = {**os.environ, "GAN_CACHE": f"{folder}/cache"}
                words = [sys.executable, "-c", PEAK, str(path), limit]
                told = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.split()
                how = "cached" if limit == "auto" else "streamed"
                size = f"{count:>7,} images ({count * 3072 / 1e6:5.0f} MB)"
                print(f"{size} {how:<8}  peak {told[0]:>4} MB  own {told[1]:>4} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prepare", "start", "batches", "memory"])
    parser.add_argument("source", nargs="?")
    parser.add_argument("--size", default="32")
    given = parser.parse_args()
    if given.what == "memory":
        memory()
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("GAN_CACHE", folder)
        {"prepare": prepare, "start": start, "batches": batches}[given.what](given.source, given.size)


if __name__ == "__main__":
    main()

"""What must work wherever gancli is installed: trained, resumed, sampled, told of, and with a plugin beside it.

    python tests/smoke.py [PLUGIN PRESET]

It needs nothing but gancli, and of PLUGIN, an installed package, the preset named: `.ci/run` runs it on wheels, in
environments of their own, on other versions of Python and of what gancli stands on.
"""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import gancli

SMALL = ["--batch-size", "8", "--size", "16", "--data.count", "40", "--display", "none", "--device", "cpu"]
TINY = [*SMALL, "--arch.width", "4"]


def gan(*words: str) -> str:
    """The output of a command; ends this process where the command fails."""
    done = subprocess.run([sys.executable, "-m", "gancli", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"gan {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(wanted: str, output: str) -> None:
    """End this process where an output lacks what is wanted."""
    if wanted not in output:
        sys.exit(f"There is no '{wanted}' in:\n{output}")


def trains_and_goes_on() -> None:
    """A run of ten steps, twenty once it is resumed, an image of it, and what is known of it."""
    expect("dcgan", gan("list"))
    gan("train", *TINY, "--steps", "10", "--name", "first", "--conditional")
    gan("train", "--resume", "first", "--steps", "20", "--display", "none")
    expect("20", gan("info", "first"))
    expect("4 images of step 20", gan("sample", "first", "-n", "4", "--out", "grid.png"))
    gan("interpolate", "first", "--frames", "3", "--out", "way.gif")
    if not (Path("grid.png").stat().st_size and Path("way.gif").stat().st_size):
        sys.exit("A picture is empty.")


def takes_a_plugin(package: str, preset: str) -> None:
    """What a package adds is listed, and trains."""
    expect(package, gan("plugins"))
    gan("train", *TINY, "--preset", preset, "--steps", "3", "--name", "plugin")
    gan("sample", "plugin", "-n", "2", "--out", "plugin.png")


def writes_a_plugin() -> None:
    """A package from a template keeps the contracts, as far as they are checked without being installed."""
    gan("plugins", "new", "mygan", "--kind", "loss")
    gan("plugins", "check", "gancli-mygan", "--set", "arch.width=2")


def main(*plugin: str) -> None:
    names = ("gancli", "torch", "pydantic", "click", "rich", "safetensors", "numpy")
    if Path(gancli.__file__).is_relative_to(Path(__file__).parents[1]):
        sys.exit("This is the source, not what is installed.")
    print(f"Python {sys.version.split()[0]},", ", ".join(f"{name} {version(name)}" for name in names), flush=True)
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["GAN_CACHE"] = str(Path(folder) / "cache")
        trains_and_goes_on()
        if plugin:
            takes_a_plugin(*plugin)
        writes_a_plugin()
        os.chdir("/")
    print("All of it works.")


if __name__ == "__main__":
    main(*sys.argv[1:])

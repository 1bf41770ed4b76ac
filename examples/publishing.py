"""From an idea to a wheel: a package is written, checked against gancli's contracts, and built.

    python examples/publishing.py

It needs hatchling, which `uv build` and `python -m build` fetch. What is in the wheel then is what `uv publish` or
twine uploads, and what `pip install gancli-mygan` gives to others.
"""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile


def run(*words: str, folder: str = ".") -> None:
    """Run a module of Python, as a shell would its command; ends the script where it fails."""
    print("$", *words, flush=True)
    if subprocess.run([sys.executable, "-m", *words], cwd=folder).returncode:
        sys.exit(f"{words[0]} failed")


def main() -> None:
    run("gancli", "plugins", "new", "mygan", "--kind", "loss")
    run("gancli", "plugins", "check", "gancli-mygan")
    run("hatchling", "build", "-t", "wheel", folder="gancli-mygan")
    for wheel in Path("gancli-mygan", "dist").iterdir():
        print(wheel, *ZipFile(wheel).namelist(), sep="\n  ")


if __name__ == "__main__":
    main()

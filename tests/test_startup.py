"""What only names things must not load torch, which takes seconds."""

import subprocess
import sys

import pytest
from conftest import Gan
from small import TINY_WORDS

COMMANDS = [
    ["--help"],
    ["--version"],
    ["train", "--help"],
    ["list"],
    ["plugins"],
    ["info", "gan"],
    ["info", "runs/tiny"],
    ["sample", "--help"],
    ["interpolate", "--help"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_torch_stays_unloaded(gan: Gan, words: list[str]) -> None:
    if "runs/tiny" in words:
        gan("train", *TINY_WORDS, "--steps", 1, "--display", "none", "--name", "tiny")
    script = (
        "import sys\nfrom gancli.cli import main\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n"
        "    loaded = {'torch', 'torchvision'} & set(sys.modules)\n    assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_loads_no_torch() -> None:
    script = "import sys, gancli; gancli.hookimpl; gancli.Field; gancli.Dataset; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)

"""The script that shows a game of three players runs as it stands, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "examples" / "owning_the_step.py"


def test_every_player_moves_and_the_picture_is_there() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "3"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"'{name}'" in done.stdout for name in ("loss_D", "loss_G", "loss_E"))
    picture = np.asarray(Image.open("rebuilt.png"))
    assert picture.shape == (5 * 30 - 2, 2 * (8 * 30 - 2) + 12)
    assert picture[:, -100:].std() > 0

"""Pictures in files: the suffix says the format, and one that says none is told in a line."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gancli.base.errors import UsageError
from gancli.generation import pictures

PIXELS = np.full((4, 6, 3), 128, np.uint8)


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("a.webp", "WEBP"), ("a.gif", "GIF")])
def test_the_suffix_says_the_format(name: str, kind: str, tmp_path: Path) -> None:
    pictures.save(tmp_path / name, PIXELS)
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == (kind, (6, 4))


@pytest.mark.parametrize(
    ("name", "kind"), [("a.xyz", "files named .xyz"), ("a", "a file without a suffix"), ("a.psd", "files named .psd")]
)
def test_a_suffix_that_is_no_format_is_told_with_those_that_are(name: str, kind: str, tmp_path: Path) -> None:
    told = f"{tmp_path / name}: no picture is written to {kind}. Name it .png, .jpg, .webp or .gif."
    with pytest.raises(UsageError) as refused:
        pictures.save(tmp_path / name, PIXELS)
    assert str(refused.value) == told
    with pytest.raises(UsageError) as refused:
        pictures.save_animation(tmp_path / name, [PIXELS, PIXELS], 0.1)
    assert str(refused.value) == told
    assert not list(tmp_path.iterdir())

"""Pictures of every kind come out as the bytes one would expect."""

import numpy as np
import pytest
import zoo
from PIL import Image
from pydantic import ValidationError

from gancli.data.digits import Digits
from gancli.data.prepare import Preparation, look_of
from gancli.data.records import Unfit
from gancli.data.selection import native_size


def prepared(
    picture: Image.Image | np.ndarray, size: tuple[int, int] = (8, 8), channels: int = 3, **options: object
) -> np.ndarray:
    return Preparation(size, channels, **options).prepare(picture)


def plain(mode: str, colour: object, size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new(mode, size, colour)


@pytest.mark.parametrize(
    ("mode", "colour", "rgb"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 0), (0, 0, 255)),
        ("RGBA", (200, 10, 10, 255), (200, 10, 10)),
        ("RGBA", (200, 10, 10, 0), (0, 0, 255)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("I;16", 65535, (255, 255, 255)),
        ("I", 32896, (128, 128, 128)),
        ("F", 0.5, (128, 128, 128)),
    ],
)
def test_every_mode_becomes_rgb(mode: str, colour: object, rgb: tuple[int, int, int]) -> None:
    pixels = prepared(plain(mode, colour), background="blue")
    assert pixels.shape == (3, 8, 8)
    assert np.abs(pixels[:, 4, 4].astype(int) - rgb).max() <= 1


def test_a_dark_sixteen_bit_picture_stays_dark() -> None:
    assert prepared(plain("I;16", 200), channels=1).max() == 1
    assert prepared(plain("I;16", 200), channels=1, range=(0, 400)).max() in {127, 128}


def test_palettes_with_transparency_are_laid_on_the_background() -> None:
    picture = plain("P", 0)
    picture.putpalette([10, 20, 30])
    picture.info["transparency"] = 0
    assert prepared(picture, background="#ff8000")[:, 0, 0].tolist() == [255, 128, 0]
    assert prepared(picture, channels=4)[:, 0, 0].tolist()[3] == 0


def test_alpha_is_kept_only_when_asked_for() -> None:
    assert prepared(plain("RGBA", (9, 8, 7, 100)), channels=4)[:, 0, 0].tolist() == [9, 8, 7, 100]
    assert prepared(plain("RGB", (9, 8, 7)), channels=4)[:, 0, 0].tolist() == [9, 8, 7, 255]


def halves(width: int, height: int) -> Image.Image:
    """Left half black, right half white."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, width // 2 :] = 255
    return Image.fromarray(pixels)


def test_fitting() -> None:
    wide = halves(32, 8)
    assert prepared(wide, channels=1, fit="crop")[0, 4].tolist() == [0] * 4 + [255] * 4
    padded = prepared(wide, channels=1, fit="pad", background="gray")
    assert padded[0, 0].tolist() == [128] * 8
    assert padded[0, 4, 0] < 10
    assert prepared(wide, (8, 12), channels=4, fit="pad")[3, 0, 0] == 0
    assert prepared(wide, (8, 16), 1, fit="stretch").shape == (1, 8, 16)


def test_the_crop_is_taken_from_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying: upright after a quarter turn clockwise
    picture = Image.open(zoo.io.BytesIO(zoo.saved(halves(40, 20), "PNG", exif=exif)))
    assert look_of(picture)[:2] == (40, 20)
    upper = prepared(picture, channels=1, crop=(0, 0, 20, 20))
    assert upper.max() == 0
    with pytest.raises(Unfit, match="smaller than the crop"):
        prepared(halves(40, 20), crop=(0, 0, 40, 40))


def test_celebas_crop() -> None:
    picture = plain("RGB", "black", (178, 218))
    picture.paste("white", (0, 20, 178, 198))
    assert prepared(picture, (64, 64), crop=(0, 20, 178, 178)).min() == 255


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(28, 28)], (28, 28)),
        ([(32, 48)] * 3, (32, 48)),
        ([(500, 375), (300, 400)], (64, 64)),
        ([(50, 50)], (48, 48)),
        ([(64, 64)] * 30 + [(3, 3)], (64, 64)),
        ([(1, 1)], (8, 8)),
    ],
)
def test_the_size_when_none_is_asked_for(sizes: list[tuple[int, int]], chosen: tuple[int, int]) -> None:
    assert native_size(sizes) == chosen


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"size": "big"}, "a size is 64"),
        ({"crop": "1,2,3"}, "Field required"),
        ({"crop": "0,0,0,5"}, "greater than or equal to 1"),
        ({"background": "no colour"}, "a colour is a name"),
        ({"cache_limit": "much"}, "a number of bytes"),
        ({"range": "5,5"}, "black must be lower"),
        ({"fit": "squeeze"}, "'crop', 'pad' or 'stretch'"),
        ({"limit": 0}, "greater than or equal to 1"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Digits(**options)


def test_options_read_back_as_they_were_written() -> None:
    given = Digits(crop="1,2,3,4", size="8x12", cache_limit="1.5GB", range="-1,1", classes="a,b", background="#fff")
    assert given.cache_limit == 1_500_000_000
    assert Digits(**given.model_dump(mode="json")) == given

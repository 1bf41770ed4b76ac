"""The digits drawn from strokes: repeatable, balanced, readable and varied."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gancli.data.strokes import draw_digits


@pytest.fixture(scope="module")
def gray() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    images, labels = draw_digits(2000, 28, 28, 1, seed=5)
    return images[:, 0] / 255, labels


def test_same_seed_draws_same_images() -> None:
    first, again = draw_digits(60, 28, 28, 3, seed=4), draw_digits(60, 28, 28, 3, seed=4)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


def test_other_seed_draws_other_images() -> None:
    first, other = draw_digits(60, 28, 28, 1, seed=4), draw_digits(60, 28, 28, 1, seed=5)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("count", [1, 7, 100, 333])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_does_not_depend_on_the_count(count: int, channels: int) -> None:
    images, labels = draw_digits(count, 20, 24, channels, seed=9)
    more, more_labels = draw_digits(1000, 20, 24, channels, seed=9)
    assert np.array_equal(images, more[:count])
    assert np.array_equal(labels, more_labels[:count])


def test_labels_are_balanced_and_shuffled() -> None:
    labels = draw_digits(1000, 8, 8, 1, seed=0)[1]
    assert np.bincount(labels).tolist() == [100] * 10
    assert not np.array_equal(labels[:10], labels[10:20])
    assert np.bincount(draw_digits(25, 8, 8, 1, seed=0)[1], minlength=10).max() <= 3


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (48, 64), (200, 9), (256, 256)])
def test_shapes_and_types(height: int, width: int, channels: int) -> None:
    images, labels = draw_digits(12, height, width, channels, seed=1)
    assert images.shape == (12, channels, height, width)
    assert images.dtype == np.uint8
    assert labels.shape == (12,)
    assert labels.dtype == np.int64
    assert (np.ptp(images[:, -1], axis=(1, 2)) > 20).all()


def test_nothing_to_draw_gives_empty_arrays() -> None:
    images, labels = draw_digits(0, 28, 28, 1, seed=0)
    assert images.shape == (0, 1, 28, 28)
    assert labels.shape == (0,)


def test_a_larger_size_shows_the_same_strokes() -> None:
    small, labels = draw_digits(50, 28, 28, 1, seed=2)
    large, same = draw_digits(50, 84, 84, 1, seed=2)
    shrunk = large.reshape(50, 28, 3, 28, 3).mean(axis=(2, 4))
    assert np.array_equal(labels, same)
    assert np.abs(shrunk - small[:, 0]).mean() < 6


def test_a_wide_frame_keeps_the_digit_centred_and_in_proportion() -> None:
    square, wide = draw_digits(50, 32, 32, 1, seed=2)[0], draw_digits(50, 32, 64, 1, seed=2)[0]
    assert np.abs(wide[..., 16:48].astype(int) - square).max() <= 1
    assert not wide[..., :16].any()
    assert not wide[..., 48:].any()


def test_classes_can_be_told_apart(gray: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    images, labels = gray
    flat = images.reshape(len(images), -1)
    means = np.stack([flat[:1000][labels[:1000] == digit].mean(axis=0) for digit in range(10)])
    guesses = ((flat[1000:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    hits = guesses == labels[1000:]
    assert hits.mean() > 0.75
    assert min(hits[labels[1000:] == digit].mean() for digit in range(10)) > 0.5


@pytest.mark.parametrize("digit", range(10))
def test_a_class_varies(gray: tuple[NDArray[np.float64], NDArray[np.int64]], digit: int) -> None:
    own = gray[0][gray[1] == digit][:60].reshape(60, -1)
    apart = np.sqrt(((own[:, None] - own) ** 2).sum(axis=2))
    ink = np.sqrt((own**2).sum(axis=1).mean())
    assert apart[~np.eye(60, dtype=bool)].mean() > 0.6 * ink
    assert apart[~np.eye(60, dtype=bool)].min() > 0.5


def test_strokes_stay_inside_the_frame(gray: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    inside = np.zeros((28, 28), dtype=bool)
    inside[1:-1, 1:-1] = True
    assert gray[0][:, ~inside].mean() < 0.003
    assert 0.06 < gray[0].mean() < 0.2


def test_coloured_digits_stand_out_from_their_ground() -> None:
    colour, ink = draw_digits(500, 32, 32, 3, seed=3)[0] / 255, draw_digits(500, 32, 32, 4, seed=3)[0][:, 3] / 255
    light = np.einsum("ncyx,c->nyx", colour, np.array([0.2126, 0.7152, 0.0722]))
    full, none = ink > 0.9 * ink.max(axis=(1, 2), keepdims=True), ink == 0
    stroke, ground = (np.where(mask, light, 0).sum(axis=(1, 2)) / mask.sum(axis=(1, 2)) for mask in (full, none))
    assert np.abs(stroke - ground).min() > 0.25


def test_alpha_is_the_gray_ink() -> None:
    rgba, gray = draw_digits(30, 28, 28, 4, seed=6)[0], draw_digits(30, 28, 28, 1, seed=6)[0]
    assert np.array_equal(rgba[:, 3], gray[:, 0])
    assert (np.ptp(rgba[:, :3], axis=(2, 3)) == 0).all()

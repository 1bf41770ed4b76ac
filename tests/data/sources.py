"""Loading a source the way a command does."""

from pathlib import Path
from typing import Any

from gancli.config.layers import rebuild
from gancli.config.sources import find_dataset
from gancli.data.dataset import Dataset
from gancli.data.images import Images
from gancli.data.records import Records


def dataset(source: Path | str, **options: Any) -> Dataset:
    """The dataset that a source is recognised as, with options."""
    entry = find_dataset(str(source))
    built = rebuild("data", {"data": {**options, "name": entry.name, "source": str(source)}})
    assert isinstance(built, Dataset)
    return built


def load(source: Path | str, **options: Any) -> Images:
    """The prepared images of a source."""
    return dataset(source, **options).load()


def opened(source: Path | str, **options: Any) -> Records:
    """The listing of a source."""
    return dataset(source, **options).open()

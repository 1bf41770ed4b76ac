"""The images that a trained model was made of, and others prepared as those were."""

from collections.abc import Collection

from gancli.base.errors import GanError
from gancli.base.options import own_fields
from gancli.base.text import clean
from gancli.config.layers import rebuild
from gancli.config.sources import find_dataset
from gancli.data.dataset import Dataset
from gancli.data.fields import size_text
from gancli.runs.checkpoint import Header

OWN = frozenset({"limit", "size", "channels"})  # options that say what the model's own source holds


def trained_dataset(header: Header) -> Dataset:
    """The dataset that a checkpoint was trained on; raises GanError where it cannot be had."""
    # A checkpoint, which may be a stranger's, fetches nothing.
    options = {**header.settings.get("data", {}), "download": False}
    dataset = rebuild("data", {**header.settings, "data": options})
    if not isinstance(dataset, Dataset):
        raise GanError(f"The checkpoint names a dataset '{clean(dataset.name)}' that is none.")
    return dataset


def prepared_alike(header: Header, source: str, *, without: Collection[str] = ()) -> Dataset:
    """The dataset that reads another source, with those options of the model's own that every dataset has.

    without: options that are left out.
    """
    shared = {name for name, _ in own_fields(Dataset)} - OWN - set(without)
    kept = {name: value for name, value in dict(header.settings.get("data", {})).items() if name in shared}
    channels, *size = header.spec.shape
    asked = {"name": find_dataset(source).name, "source": source, "size": size_text((size[0], size[1]))}
    settings = {**header.settings, "data": {**kept, **asked, "channels": channels}}
    return trained_dataset(header.model_copy(update={"settings": settings}))

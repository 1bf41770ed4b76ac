"""torchvision's named datasets, those that are read without unpickling anything."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import Field

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.data.dataset import Dataset, absolute_source
from gancli.data.records import Picture, Records, Whole, digest_of, labelled

# What is asked of each class; those that are given `split` take it in their own words.
OFFERED: dict[str, dict[str, Any]] = {
    "MNIST": {"train": True},
    "FashionMNIST": {"train": True},
    "KMNIST": {"train": True},
    "EMNIST": {"split": "letters", "train": True},
    "USPS": {"train": True},
    "SVHN": {"split": "train"},
    "STL10": {"split": "train+unlabeled"},
    "CelebA": {"split": "train", "target_type": []},
    "Flowers102": {"split": "train"},
    "OxfordIIITPet": {"split": "trainval"},
    "Food101": {"split": "train"},
    "GTSRB": {"split": "train"},
    "DTD": {"split": "train"},
    "EuroSAT": {},
    "FGVCAircraft": {"split": "trainval"},
    "Country211": {"split": "train"},
    "Imagenette": {"split": "train"},
    "SEMEION": {},
    "Omniglot": {"background": True},
    "Caltech101": {},
    "Caltech256": {},
    "SUN397": {},
    "LFWPeople": {"split": "train"},
}
PICKLED = frozenset({"CIFAR10", "CIFAR100", "ImageNet", "PhotoTour", "LSUN", "LSUNClass", "Places365"})


class TorchvisionDataset(Dataset):
    """`torchvision:MNIST` and the like, from torchvision's own files below `root`; --download fetches them first."""

    root: str = Field("", description="Folder of the files.  [TORCHVISION_DATA, or ~/.cache/torchvision]")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Never: these are asked for by name."""
        return False

    def open(self) -> Records:
        """The training images of the dataset; raises GanError where they are not there."""
        name = _offered(self.source.partition(":")[2])
        dataset = self._made(name)
        labels, classes = _labels(dataset)
        data = getattr(dataset, "data", None)
        mark = digest_of("torchvision", name, str(self._folder.resolve()), len(dataset))
        if data is not None and not isinstance(data, list):
            array = np.asarray(data)
            return Whole(array, labels, classes, mark, rows=array.ndim != 4 or array.shape[1] not in {1, 3})
        return Named(dataset, labels, classes, mark)

    def located(self) -> Self:
        """The same dataset, whose folder is found from every other."""
        return self.model_copy(update={"root": absolute_source(self.root)}) if self.root else self

    @property
    def _folder(self) -> Path:
        told = self.root or os.environ.get("TORCHVISION_DATA", "")
        return Path(told).expanduser() if told else Path.home() / ".cache" / "torchvision"

    def _made(self, name: str) -> Any:
        """torchvision's own object, downloaded where that was asked for."""
        from torchvision import datasets  # type: ignore[import-untyped]

        if any((self._folder / name / "processed").glob("*.pt")):
            raise GanError(
                f"{clean(self._folder / name)} holds pickled files of an old torchvision; gan never unpickles.",
                "Delete its folder 'processed' and fetch the originals with --download.",
            )
        options = OFFERED[name]
        try:
            if self.download:
                self._folder.mkdir(parents=True, exist_ok=True)
            return getattr(datasets, name)(str(self._folder), download=self.download, **options)
        except ModuleNotFoundError as error:
            raise GanError(
                f"torchvision:{name} needs {error.name}.", f"Install it: pip install {error.name}"
            ) from error
        except (RuntimeError, OSError, EOFError, ValueError) as error:
            if self.download:
                raise GanError(f"torchvision:{name} cannot be downloaded: {clean(error)[:200]}.") from error
            raise GanError(
                f"torchvision:{name} is not in {clean(self._folder)}, or not whole.",
                "Let gan fetch it with --download, or say where it is: --data.root DIR.",
            ) from error


class Named(Records):
    """Pictures that a dataset of torchvision opens one by one."""

    def __init__(self, dataset: Any, labels: np.ndarray | None, classes: tuple[str, ...], fingerprint: str) -> None:
        self.dataset, self.labels, self.classes, self.mark = dataset, labels, classes, fingerprint

    def __len__(self) -> int:
        return len(self.dataset)

    def picture(self, number: int) -> Picture:
        picture: Picture = self.dataset[number][0]
        return picture

    @cached_property
    def fingerprint(self) -> str:
        return self.mark


def _offered(name: str) -> str:
    known = {each.lower(): each for each in (*OFFERED, *PICKLED)}
    found = known.get(name.lower())
    if found in PICKLED:
        raise UsageError(
            f"torchvision's {found} unpickles its files, or reads what may run code; gan never does.",
            "Use the same images as a folder or a zip: gan train images.zip",
        )
    if found is None:
        raise UsageError(f"torchvision:{clean(name)} is not offered.", f"There are: {', '.join(OFFERED)}.")
    return found


def _labels(dataset: Any) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels and class names where the object knows them without opening every picture."""
    values = next(
        (getattr(dataset, key) for key in ("targets", "labels", "_labels", "y") if hasattr(dataset, key)), None
    )
    if values is None or len(values) != len(dataset):
        return None, ()
    numbers = np.asarray(values).reshape(len(dataset), -1)
    if numbers.shape[1] != 1 or (numbers < 0).any():
        return None, ()
    names = getattr(dataset, "classes", None) or []
    words = [str(names[int(n)]) if int(n) < len(names) else str(int(n)) for n in numbers[:, 0]]
    return labelled(words)

"""`huggingface:NAME[:SPLIT]` from the Hub, and `huggingface:PATH`, a file or folder in a format of its library."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gancli import Dataset, Field, GanError, NetworkRefused, Records, absolute_source, clean, no_network

if TYPE_CHECKING:
    import datasets

FILES = (".parquet", ".arrow")
BUILDERS = frozenset({"arrow", "cache", "imagefolder", "parquet", "webdataset"})


class HuggingFace(Dataset):
    """Images of the Hub, fetched only with --download, or in Parquet, Arrow and image folders here."""

    split: str = Field("train", description="Which split, where none follows the name.")
    config: str = Field("", description="Which configuration, where a dataset has several.")
    image: str = Field("", description="Column of the images; default: the first that holds images.")
    label: str = Field("", description="Column of the classes; default: label, class or the like.")
    root: str = Field("", description="Folder of what is fetched and converted.  [HF_DATASETS_CACHE]")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """A Parquet or Arrow file, or a folder with some on its first two levels."""
        return _holds_rows(path) or any(_holds_rows(each) for level in ("*", "*/*") for each in path.glob(level))

    def open(self) -> Records:
        """The rows that have an image; raises GanError where they are not there, or cannot be read."""
        name, split = self._asked()
        here = Path(name).expanduser()
        if here.suffix.lower() in FILES and not here.exists():
            raise GanError(f"There is nothing at {clean(here)}.", "Check the path.")
        fetches = self.download and not here.exists()
        try:
            with nullcontext() if fetches else no_network():
                return self._rows(here if here.exists() else name, split)
        except GanError:
            raise
        # The library, and all that it reads with, raise what they like.
        except Exception as error:
            if isinstance(error, NetworkRefused) and not here.exists():
                raise GanError(f"{clean(self.source)} is not here yet.", "Let gan fetch it: --download.") from error
            done = "fetched" if fetches else "read"
            raise GanError(f"{clean(self.source)} cannot be {done}: {clean(error)[:200].rstrip('.')}.") from error

    def located(self) -> Self:
        """The same rows, found from every folder: of the Hub, or in files here."""
        name, _ = self._asked()
        source, root = self.source, self.root and absolute_source(self.root)
        if Path(name).exists():
            prefix, _, split = source.partition(name)
            source = f"{prefix}{absolute_source(name)}{split}"
        return self.model_copy(update={"source": source, "root": root})

    def _rows(self, source: str | Path, split: str) -> Records:
        from gancli_huggingface.rows import Rows

        return Rows.of(_table(source, split, self.config, self.root), self.image, self.label, self.source)

    def _asked(self) -> tuple[str, str]:
        """The name or path, and the split."""
        rest = self.source.removeprefix(f"{self.name}:")
        name, colon, split = rest.rpartition(":")
        return (name, split) if colon and not Path(rest).expanduser().exists() else (rest, self.split)


def _holds_rows(path: Path) -> bool:
    return path.suffix.lower() in FILES and path.is_file()


def _table(source: str | Path, split: str, config: str, root: str) -> "datasets.Dataset":
    """Have the library open a file, a folder or a name; raises GanError for formats that could do harm."""
    import datasets

    datasets.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    cache = str(Path(root).expanduser()) if root else None
    if isinstance(source, Path) and source.suffix.lower() == ".arrow":
        return datasets.Dataset.from_file(str(source))
    if isinstance(source, Path) and source.is_file():
        return datasets.Dataset.from_parquet(str(source), cache_dir=cache)
    builder = datasets.load_dataset_builder(str(source), config or None, cache_dir=cache)
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in BUILDERS:
        raise GanError(f"{clean(source)} holds {clean(kind)} files, no images that gan reads.")
    builder.download_and_prepare()
    return builder.as_dataset(split=split)

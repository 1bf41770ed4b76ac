"""`webdataset:PATH/shard-{000000..000009}.tar`: samples in tar shards, each an image and perhaps its class."""

from pathlib import Path
from typing import Self

from braceexpand import braceexpand

from gancli import Dataset, Field, GanError, Records, Tarball, absolute_source, clean, nothing_in
from gancli_webdataset.listing import Listing
from gancli_webdataset.samples import Wanted
from gancli_webdataset.shards import Shards


class WebDataset(Dataset):
    """Files of one stem in a tar are a sample. The shards are a path with {000..009} or *, or all tars in a folder."""

    image: str = Field("", description="Extension of the images, such as jpg or mask.png; default: a sample's first.")
    label: str = Field("", description="Extension of the labels, or json.FIELD; default: cls, else the JSON's label.")
    mix: int = Field(16, ge=1, description="Shards whose samples mix in an epoch; fewer suit a disk that seeks slowly.")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether it is a folder with tars in it."""
        return path.is_dir() and bool(_tars_in(path))

    def open(self) -> Records:
        """The samples that have what is wanted, shard by shard; raises GanError where there is none."""
        pattern = self.source.removeprefix(f"{self.name}:")
        listing = Listing.of(shards_of(pattern), Wanted(self.image.lower(), self.label.lower()))
        if not listing.rows:
            raise nothing_in(pattern, skipped=listing.skipped)
        return Shards(listing, self.mix)

    def located(self) -> Self:
        """The same shards, found from every folder."""
        pattern = self.source.removeprefix(f"{self.name}:")
        # What a pattern begins with must not be taken for a part of it.
        if set(str(Path.cwd())) & set("{}*?[") or any(map(_is_placed, braceexpand(pattern))):
            return self
        return self.model_copy(update={"source": self.source.removesuffix(pattern) + absolute_source(pattern)})


def shards_of(pattern: str) -> list[Path]:
    """The files that a pattern means, whether they are there or not; raises GanError where it means none."""
    if "://" in pattern or pattern.startswith("pipe:"):
        raise GanError(f"Shards are files, and {clean(pattern)} is none.", "Fetch them, and give their path.")
    try:
        paths = [path for each in braceexpand(pattern) for path in _found(each)]
    except ValueError:
        raise GanError(f"The braces in {clean(pattern)} do not match.", "Write shard-{000000..000009}.tar.") from None
    if not paths:
        raise GanError(f"There are no shards at {clean(pattern)}.", "Check the path.")
    return paths


def _is_placed(path: str) -> bool:
    return path.startswith("~") or Path(path).is_absolute()


def _found(name: str) -> list[Path]:
    """The shards in a folder, those that a wildcard finds, or the one of that name."""
    path = Path(name).expanduser().absolute()
    if path.is_dir():
        return _tars_in(path)
    if path.exists() or not set(name) & set("*?["):
        return [path]
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _tars_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.lower().endswith(Tarball.suffixes) and path.is_file())

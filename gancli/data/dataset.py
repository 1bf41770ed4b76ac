"""What a dataset is: options that say where images are and how they are prepared."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, field_validator

from gancli.base.errors import GanError
from gancli.base.options import Chosen
from gancli.base.text import clean
from gancli.data.fields import Bytes, Channels, Colour, Crop, Fit, Range, Size
from gancli.data.images import Images

if TYPE_CHECKING:
    from gancli.base.progress import Progress
    from gancli.data.records import Records


class Dataset(Chosen):
    """Where images are and how they are prepared; a subclass knows one kind of source, and lists what is there."""

    source: str = Field("digits", description="What to train on: a path, a dataset's name, or name:path.")
    size: Size | None = Field(None, description="Size of the images, 64 or HEIGHTxWIDTH; default: what the data has.")
    fit: Fit = Field("crop", description="How images of another shape get that size.")
    crop: Crop | None = Field(None, description="Part of each image to take, in its own pixels, before it is fitted.")
    channels: Channels = Field("auto", description="1 gray, 3 colour, 4 colour and alpha.")
    background: Colour = Field("white", description="Colour behind transparent images, and beside padded ones.")
    range: Range | None = Field(None, description="Black and white of 16-bit or float images; default: of their type.")
    flip: bool = Field(False, description="Mirror each image at random in training.")
    classes: tuple[str, ...] = Field((), description="Take only these classes.")
    limit: int | None = Field(None, ge=1, description="Take only so many images, spread over all.")
    strict: bool = Field(False, description="Stop at the first bad file instead of leaving it out.")
    cache_limit: Bytes | None = Field(
        None, description="Most that is kept decoded on disk; what exceeds it streams. Default: half of what is free."
    )
    trust: bool = Field(False, description="Stream what is too large at once, bad files and all: they are met later.")
    workers: int | None = Field(None, ge=0, le=256, description="Processes that decode; default: one a core.")
    download: bool = Field(False, description="Fetch a named dataset that is not there yet.")

    suffixes: ClassVar[tuple[str, ...]] = ()

    @field_validator("range")
    @classmethod
    def _check_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("black must be lower than white, such as 0,4095")
        return value

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this kind of dataset can read what is at the path."""
        return path.is_file() and path.name.lower().endswith(cls.suffixes or ("\0",))

    def open(self) -> "Records":
        """The listing of what is there, nothing decoded yet; raises GanError naming the source."""
        raise NotImplementedError

    def load(self, progress: "Progress | None" = None) -> Images:
        """The prepared images; raises GanError naming the source when there are none."""
        from gancli.data.load import prepared

        return prepared(self, progress)

    @property
    def path(self) -> Path:
        """The path in the source, without the dataset's name before it; raises GanError where nothing is."""
        path = Path(self.source.removeprefix(f"{self.name}:")).expanduser()
        if not path.exists():
            raise GanError(f"There is nothing at {clean(path)}.", "Check the path.")
        return path

    def located(self) -> Self:
        """The same dataset, found from every folder: a path of its source that is there is absolute.

        One whose source is another thing than a path, or that has paths among its options, overrides this.
        """
        typed = self.source.removeprefix(f"{self.name}:")
        path = Path(typed)
        if not path.exists() or not (self.suffixes or self.recognises(path)):
            return self
        return self.model_copy(update={"source": self.source.removesuffix(typed) + absolute(typed)})


def absolute(typed: str) -> str:
    """A path that leads to the same place from every folder; one from a user's home does so already."""
    path = Path(typed)
    if typed.startswith("~"):
        return typed
    return str(path.resolve() if ".." in path.parts else path.absolute())

"""The base of datasets: options for where images are and how they are prepared, which list and load them."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import clean
from gancli.data.dataset_options import DatasetOptions
from gancli.data.images import Images

if TYPE_CHECKING:
    from gancli.data.records import Records


class Dataset(DatasetOptions):
    """Where images are and how they are prepared; a subclass lists the images of one kind of source."""

    suffixes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this kind of dataset can read the file or folder at the path."""
        return path.is_file() and path.name.lower().endswith(cls.suffixes or ("\0",))

    def open(self) -> "Records":
        """The listing of the pictures in the source, not decoded yet; raises GanError that names the source."""
        raise NotImplementedError

    def load(self, progress: Progress | None = None) -> Images:
        """The prepared images; raises GanError that names the source where there are none."""
        from gancli.data.build import Build
        from gancli.data.load import assembled
        from gancli.data.selection import select
        from gancli.data.workers import not_restarted

        not_restarted()
        records = self.open()
        return assembled(Build(self, records, select(records, self), progress or Progress()))

    @property
    def path(self) -> Path:
        """The path in the source, without the name of the dataset; raises GanError where nothing is there."""
        path = Path(self.source.removeprefix(f"{self.name}:")).expanduser()
        if not path.exists():
            raise GanError(f"There is nothing at {clean(path)}.", "Check the path.")
        return path

    def located(self) -> Self:
        """The same dataset with the path of its source absolute, so that it works from every working folder.

        A subclass overrides this where its source is not a path, or where other options are paths.
        """
        typed = self.source.removeprefix(f"{self.name}:")
        path = Path(typed)
        if not path.exists() or not (self.suffixes or self.recognises(path)):
            return self
        return self.model_copy(update={"source": self.source.removesuffix(typed) + absolute_source(typed)})


def absolute_source(typed: str) -> str:
    """A path as an absolute one; a path that begins with `~` stays as it is."""
    path = Path(typed)
    if typed.startswith("~"):
        return typed
    return str(path.resolve() if ".." in path.parts else path.absolute())

"""What a dataset is: options that say where images are and how they are prepared, and the images they give."""

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
    """Where images are and how they are prepared; a subclass knows one kind of source, and lists what is there."""

    suffixes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this kind of dataset can read what is at the path."""
        return path.is_file() and path.name.lower().endswith(cls.suffixes or ("\0",))

    def open(self) -> "Records":
        """The listing of what is there, nothing decoded yet; raises GanError naming the source."""
        raise NotImplementedError

    def load(self, progress: Progress | None = None) -> Images:
        """The prepared images; raises GanError naming the source when there are none."""
        from gancli.data.build import Build
        from gancli.data.load import assembled
        from gancli.data.selection import select
        from gancli.data.workers import not_restarted

        not_restarted()
        records = self.open()
        return assembled(Build(self, records, select(records, self), progress or Progress()))

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
        return self.model_copy(update={"source": self.source.removesuffix(typed) + absolute_source(typed)})


def absolute_source(typed: str) -> str:
    """A path that leads to the same place from every folder; one from a user's home does so already."""
    path = Path(typed)
    if typed.startswith("~"):
        return typed
    return str(path.resolve() if ".." in path.parts else path.absolute())

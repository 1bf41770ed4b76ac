"""`gan translate`: pictures of one class turned into another by a trained model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gancli import GanError, UsageError, check_target, clean, find_checkpoint, find_dataset, plural

if TYPE_CHECKING:
    import numpy as np

    from gancli import Dataset, Images, TrainedModel

CHUNK = 512


@click.command("translate")
@click.argument("model", metavar="RUN|CKPT")
@click.argument("source", metavar="FILE|DIR")
@click.option("--to", "wanted", metavar="CLASS", required=True, help="The class that the pictures are to have.")
@click.option("--out", metavar="FILE|DIR", required=True, help="A picture for a FILE, a folder of PNGs for a DIR.")
@click.option("--grid", is_flag=True, help="One picture of all: each, what it becomes, and that turned back again.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--force", is_flag=True, help="Write over what is there.")
def command(model: str, source: str, wanted: str, out: str, grid: bool, device: str, force: bool) -> None:
    """Turn pictures of one class into another, such as horses into zebras.

    They are cropped and sized as the model's own images were.
    """
    path, target = find_checkpoint(model), Path(out)
    single = grid or (Path(source).is_file() and find_dataset(source).name == "folder")
    if not single and target.suffix:
        hint = "Give a folder, or add --grid."
        raise UsageError(f"{clean(target)} is one file, and {clean(source)} may hold many pictures.", hint)
    if single:
        check_target(target, force=force)
    else:
        check_target(target, ("",), force=force)

    from gancli import TrainedModel

    generator = TrainedModel.load(path, device)
    there, back = _ways(generator, wanted)
    pictures = generator.dataset(source, without=("classes", "flip"))
    data = _read(pictures)
    made = _turned(generator, data.pixels[:], there)
    if grid:
        _write_rows(target, data.pixels[:], made, _turned(generator, made, back))
    elif single:
        _write(target, made[0])
    else:
        _write_each(target, _names(pictures, data), made)
    click.echo(f"{plural(len(made), 'picture')} turned into {clean(wanted)} in {clean(target)}")


def _ways(generator: "TrainedModel", wanted: str) -> tuple[int, int]:
    """The number of the class that is asked for, and of the one that it is made of; raises GanError."""
    from gancli import Translator

    origin = None
    if isinstance(generator.arch, Translator) and generator.conditional:
        origin = generator.arch.origin(generator.class_number(wanted), len(generator.spec.classes))
    if origin is None:
        raise GanError(
            f"{clean(generator.path)} turns no class into another: it was made by architecture {generator.arch.name}.",
            "Train one that does: gan train FOLDER --preset cyclegan.",
        )
    return generator.class_number(wanted), origin


def _read(pictures: "Dataset") -> "Images":
    from gancli import show_progress

    data = pictures.load(show_progress())
    for note in data.notes:
        click.echo(f"Note: {note}", err=True)
    return data


def _turned(generator: "TrainedModel", pixels: "np.ndarray", asked: int) -> "np.ndarray":
    """Images, uint8 (N, C, H, W), as the model makes them images of a class."""
    import numpy as np
    import torch

    made = []
    for start in range(0, len(pixels), CHUNK):
        z = torch.from_numpy(np.ascontiguousarray(pixels[start : start + CHUNK])).float() / 127.5 - 1
        made.append(generator(z, torch.full((len(z),), asked)))
    return np.concatenate(made)


def _names(pictures: "Dataset", data: "Images") -> list[str]:
    """A file name for each picture, such as it had."""
    records = pictures.open()
    numbers = range(len(data)) if data.numbers is None else data.numbers.tolist()
    parts = [[part for part in Path(records.name(number)).parts if part not in ("..", "/")] for number in numbers]
    names = ["/".join(each) for each in parts]
    return [name if name.lower().endswith(".png") else f"{name}.png" for name in names]


def _write(target: Path, image: "np.ndarray") -> None:
    from gancli import pictures

    pictures.save(target, image.transpose(1, 2, 0))


def _write_each(target: Path, names: list[str], made: "np.ndarray") -> None:
    from gancli import pictures

    pictures.save_each((target / name, image.transpose(1, 2, 0)) for name, image in zip(names, made, strict=True))


def _write_rows(target: Path, before: "np.ndarray", made: "np.ndarray", again: "np.ndarray") -> None:
    """Threes side by side: a picture, what it became, and that turned back; beside each other where they are many."""
    import numpy as np

    from gancli import pictures

    rows = np.stack([before, made, again], 1)
    beside = max(1, round((len(rows) / 6) ** 0.5))
    pictures.save(target, pictures.grid(rows.reshape(-1, *before.shape[1:]), 3 * beside))

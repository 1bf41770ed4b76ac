"""`gan data`: what is in a source, and what is decoded already."""

import json
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import Exit, UsageError
from gancli.base.options import own_fields
from gancli.base.progress import Progress
from gancli.base.text import clean, plural
from gancli.base.units import bytes_text
from gancli.commands.click_options import (
    ChosenOptions,
    dataset_options,
    options_of,
    target_of,
    typed_layer,
    words_of,
)
from gancli.config import layers, sources
from gancli.data.dataset import Dataset
from gancli.data.fields import size_text
from gancli.generation.targets import PICTURES
from gancli.terminal.progress import show_progress

if TYPE_CHECKING:
    from gancli.data.report import Report

SHARED = frozenset(name for name, _ in own_fields(Dataset))
BAR = 24
FEW = 500


@click.group("data")
def command() -> None:
    """Look at images before training on them; see and clear what is kept decoded."""


class InspectCommand(ChosenOptions):
    """A command that takes every option of a dataset, as `gan train` does."""

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        return dataset_options(args, words_of(self.params))


def inspect(ctx: click.Context, /, source: str, as_json: bool, show: bool, **_: Any) -> int:
    """Say what SOURCE holds, what of it cannot be read, and what to type next.

    Prepares the images as `gan train` would with the same options, so that training then begins at once.
    """
    if as_json and show:
        raise UsageError("--json and --show would write on the same stdout.", "Give one of them.")
    target = target_of(ctx, PICTURES)
    values = typed_layer(ctx, ctx.command.get_params(ctx)).values
    typed = {key: value for key, value in values.items() if key != "data.source"}
    options = _dataset(source, typed)

    from gancli.data import report
    from gancli.generation import pictures

    summary, pixels = report.inspect(options, Progress() if as_json else show_progress())
    sheet = pictures.grid(pixels, 8)
    pictures.save(target, sheet)
    if as_json:
        document = {**summary.document(), "sheet": str(target), "command": suggestion(summary, typed)}
        click.echo(json.dumps(document, indent=2))
    else:
        _print(summary, typed, target)
    if show:
        from gancli.terminal import blocks

        blocks.show(sheet)
    return Exit.OK


def _dataset(source: str, typed: Mapping[str, Any]) -> Dataset:
    entry = sources.find_dataset(source)
    values = {key.removeprefix("data."): value for key, value in typed.items()}
    return Dataset.checked(layers.rebuild("data", {"data": {**values, "name": entry.name, "source": source}}))


def suggestion(report: "Report", typed: Mapping[str, Any]) -> str:
    """Return the `gan train` line for the reported images, with the options that were typed."""
    words = ["gan", "train", clean(report.source)]
    for key, value in typed.items():
        short = key.removeprefix("data.")
        name = "--" + (short if short in SHARED else key).replace("_", "-")
        words += [name if value else f"--no-{name[2:]}"] if isinstance(value, bool) else [name, str(value)]
    if report.values and "data.range" not in typed and (span := _span(report.values)):
        words += ["--range", span]
    if 2 <= len(report.classes) <= 1000:
        words.append("--conditional")
    return shlex.join(words)


def _span(values: tuple[float, float]) -> str | None:
    """Return a --range for values (lowest, highest) that use a small part of theirs, as 12 bits of 16; else None."""
    high = values[1]
    if high <= 1 or high > 65535 / 2:
        return None
    return f"0,{2 ** int(high).bit_length() - 1}"


def advice(report: "Report", typed: Mapping[str, Any]) -> list[str]:
    """Return what is worth knowing before training, a line each, with the option that changes it."""
    return [*_advice_on_sizes(report, typed), *_advice_on_colours(report, typed), *_advice_on_numbers(report, typed)]


def _advice_on_sizes(report: "Report", typed: Mapping[str, Any]) -> Iterator[str]:
    _, height, width = report.shape
    if len(report.sizes) > 1 and "data.fit" not in typed and "data.crop" not in typed:
        size = size_text((height, width))
        yield f"Sizes differ: each image is scaled to cover {size}, and its middle taken; --fit pad keeps it whole."
    if min(report.smallest) < min(height, width):
        yield f"The smallest, {size_text(report.smallest)}, is enlarged."


def _advice_on_colours(report: "Report", typed: Mapping[str, Any]) -> Iterator[str]:
    if report.transparent and report.shape[0] != 4 and "data.background" not in typed:
        yield "Transparent parts become white; --background black, say, changes that, --channels 4 keeps them."
    if report.values and (span := _span(report.values)) and "data.range" not in typed:
        low, high = report.values
        yield f"Their numbers go from {low:g} to {high:g} of 65535, which is dark: --range {span} spreads them."


def _advice_on_numbers(report: "Report", typed: Mapping[str, Any]) -> Iterator[str]:
    _, height, width = report.shape
    if len(report.classes) > 1:
        yield "They have classes: with --conditional you can ask for one, as in gan sample --class NAME."
    if report.count < FEW:
        yield f"{plural(report.count, 'image')} are few: a GAN may learn them by heart; --flip doubles them."
    if report.duplicates:
        yield "Images that are there twice count twice."
    if "data.size" not in typed and min(report.largest) > 2 * max(height, width):
        yield f"They have more detail than {size_text((height, width))} shows: --size 128 is finer, and slower."


def _print(report: "Report", typed: Mapping[str, Any], sheet: Path) -> None:
    click.secho(f"{clean(report.source)}: {plural(report.count, 'image')} ({clean(report.kind)})", bold=True)
    _bars("Classes", report.classes)
    _bars("Sizes (height x width)", report.sizes)
    _bars("Modes", report.modes)
    if report.transparent:
        click.echo(f"Transparent: {report.transparent:,}")
    _print_left_out(report)
    channels, height, width = report.shape
    colours = {1: "gray", 3: "colour", 4: "colour and alpha"}[channels]
    click.echo(f"Trained on: {size_text((height, width))}, {colours}; {bytes_text(report.bytes)} {report.residence}")
    click.echo(f"Some of them: {clean(sheet)}")
    for line in advice(report, typed):
        click.echo(f"- {line}")
    click.echo(f"Next:  {suggestion(report, typed)}")


def _print_left_out(report: "Report") -> None:
    """Print which files are no images, cannot be read or are there twice, and the notes of the dataset."""
    for reason, names in report.skipped.items():
        count = report.skipped_counts[reason]
        more = ", ..." if count > len(names) else ""
        click.echo(f"Skipped: {count:,} {clean(reason)}: {', '.join(map(clean, names))}{more}")
    if report.ignored:
        click.echo("Not images: " + ", ".join(f"{count:,} {clean(kind)}" for kind, count in report.ignored.items()))
    if report.duplicates:
        first, again = report.duplicate_names[0]
        click.echo(f"Duplicates: {report.duplicates:,}, such as {clean(again)} of {clean(first)}")
    for note in report.notes:
        if not report.skipped or "skipped" not in note:
            click.echo(clean(note))


def _bars(title: str, counts: Mapping[str, int], most: int = 20) -> None:
    """Print a bar for each of the first `most` names; one line where there is only one name."""
    if len(counts) <= 1:
        for name in counts:
            click.echo(f"{title}: {clean(name)}")
        return
    click.echo(f"{title}:")
    width, top = max(len(clean(name)[:32]) for name in list(counts)[:most]), max(counts.values())
    for name, count in list(counts.items())[:most]:
        click.echo(f"  {clean(name)[:32]:<{width}}  {'█' * max(1, round(BAR * count / top)):<{BAR}}  {count:,}")
    if len(counts) > most:
        click.echo(f"  and {len(counts) - most:,} more")


inspect_command = InspectCommand(
    "inspect",
    callback=click.pass_context(inspect),
    help=inspect.__doc__,
    params=[
        click.Argument(["source"]),
        click.Option(["--json", "as_json"], is_flag=True, help="As JSON."),
        click.Option(["--out"], default="inspect.png", show_default=True, help="Where the sheet of images goes."),
        click.Option(["--show"], is_flag=True, help="Draw the sheet in the terminal too."),
        click.Option(["--force"], is_flag=True, help="Write over a file that is there."),
        *[o for o in options_of(Dataset, "data.", SHARED) if getattr(o, "key", "") != "data.source"],
    ],
)
command.add_command(inspect_command)


@command.command("cache")
@click.option("--clear", is_flag=True, help="Delete all of it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def cache_command(clear: bool, as_json: bool) -> int:
    """List what is kept decoded, or delete it; what is deleted is decoded again when it is needed."""
    from gancli.data import cache

    if clear:
        _clear_cache(as_json)
        return Exit.OK
    entries = cache.entries()
    if as_json:
        click.echo(json.dumps([_entry_document(entry) for entry in entries], indent=2))
        return Exit.OK
    for entry in entries:
        click.echo(_entry_line(entry))
    total = sum(entry.size for entry in entries)
    click.echo(f"{plural(len(entries), 'set')}, {bytes_text(total)} in {clean(cache.home())}")
    return Exit.OK


def _clear_cache(as_json: bool) -> None:
    from gancli.data import cache

    freed, busy = cache.clear()
    line = f"{bytes_text(freed)} freed in {clean(cache.home())}" + (f"; {busy} in use" if busy else "")
    click.echo(json.dumps({"freed": freed, "busy": busy}) if as_json else line)


def _entry_line(entry: Any) -> str:
    """A set of images in the cache in one line: its size on disk, when it was used last, its shape and its source."""
    from gancli.data import cache

    about = entry.about
    content, source = cache.OTHERS.get(entry.key, "not finished"), ""
    if about:
        count, channels, height, width = about.shape
        content, source = f"{count:,} x {size_text((height, width))} x {channels}", clean(about.source)
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
    return f"{bytes_text(entry.size):>8}  {used}  {content:<24}  {source}"


def _entry_document(entry: Any) -> dict[str, Any]:
    about = entry.about
    return {
        "key": entry.key,
        "source": about.source if about else None,
        "shape": about.shape if about else None,
        "bytes": entry.size,
        "used": entry.used,
    }

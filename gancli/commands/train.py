"""`gan train`: from settings to a finished run."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import Exit, GanError, UsageError
from gancli.base.moved import keep_old_names
from gancli.base.options import own_fields
from gancli.base.text import clean, plural
from gancli.commands.click_options import ChosenOptions, dataset_options, options_of, typed_layer, words_of
from gancli.commands.resuming import Resumed, opened, resumed_layers, resumed_run
from gancli.config import presets, toml
from gancli.config.config import Config, Resolved
from gancli.config.environment import read_environment
from gancli.config.layers import choices_of_layers, resolve, suggested_values
from gancli.config.parts import PARTS
from gancli.config.settings import Optim, Settings
from gancli.data.dataset import Dataset
from gancli.runs import finding, run
from gancli.terminal.display import waiting
from gancli.terminal.progress import show_progress

if TYPE_CHECKING:
    from gancli.training.trainer import Trainer

DISPLAYS = ("auto", "live", "plain", "json", "none")
SHARED_DATA = frozenset(name for name, _ in own_fields(Dataset))
NAMED = ("arch", "loss")  # parts that have an option of their own name
CHOICES = frozenset({"arch", "loss", "preset", "config", "resume", "name", "out"})


class TrainCommand(ChosenOptions):
    """A command whose options include those of the chosen architecture, loss and dataset.

    `--help` without a choice shows what is common, and imports no torch.
    """

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(_section(parameter), []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        choices = self.first_look(args, [each for each in self.params if each.name in CHOICES]).params
        asks_help = bool({"-h", "--help"} & set(args))
        options: list[click.Parameter] = []
        if asks_help and not any(choices.get(name) for name in (*NAMED, "preset", "config")):
            return options_of(Optim, "optim.")
        names = choices_of_layers(_layers(choices, resumed_run(choices)))
        with waiting("Loading ..."):
            entries = {name: PARTS[name].entry(names[PARTS[name].key]) for name in NAMED}
            suggestions = suggested_values(entries)
        for part, entry in entries.items():
            options += options_of(entry.load(), f"{part}.", defaults=suggestions)
        options += options_of(Optim, "optim.", defaults=suggestions)
        return options + dataset_options(args, words_of([*self.params, *options]))


def _section(parameter: click.Parameter) -> str:
    key = getattr(parameter, "key", "")
    head = key.partition(".")[0] if "." in key else ""
    titles = {"arch": "Architecture", "loss": "Loss", "data": "Data", "optim": "Optimisation"}
    if parameter.name in {"out", "name", "display", "dry_run", "config", "resume", "help"}:
        return "Command"
    return titles.get(head, "Training" if key else "What to train")


def _layers(words: dict[str, Any], resumed: Resumed | None) -> list[Config]:
    """Return the layers of settings, lowest first; the last is the command line, with the names of parts alone."""
    layers = resumed_layers(resumed)
    if words.get("preset"):
        layers.append(presets.preset(words["preset"]))
    if words.get("config"):
        layers.append(_config_layer(Path(words["config"])))
    layers.append(read_environment())
    typed = {f"{part}.name": words[part] for part in NAMED if words.get(part)}
    return [*layers, Config("command line", typed, {key: f"--{key.partition('.')[0]}" for key in typed})]


def _config_layer(path: Path) -> Config:
    """The settings in a TOML file, a run folder or a checkpoint."""
    if path.is_dir():
        path = path / "config.toml"
    if path.suffix == run.SUFFIX:
        from gancli.runs.checkpoint import read_header

        return Config.nested(path.name, read_header(path).settings)
    return toml.read_toml(path)


def train_gan(ctx: click.Context, /, **words: Any) -> int:
    """Train a GAN on SOURCE: a folder of images, MNIST's files, a .npy or .npz array, or a dataset by name.

    Without SOURCE it draws its own digits. With --arch, --loss or --preset, --help also lists their options.
    """
    if words["source"] and words["data"]:
        raise UsageError("SOURCE and --data say the same thing twice.", "Give one of them.")
    resumed = resumed_run(words)
    layers = _layers(words, resumed)
    typed = typed_layer(ctx, ctx.command.get_params(ctx))
    resolved = resolve([*layers[:-1], Config(typed.origin, {**layers[-1].values, **typed.values}, typed.origins)])
    resolved = _with_length(resolved)
    for note in resolved.notes:
        click.echo(f"Note: {note}", err=True)
    if words["dry_run"]:
        return _show_plan(resolved)
    images = resolved.settings.data.load(show_progress())
    for note in images.notes:
        click.echo(f"Note: {note}", err=True)
    return _train(resolved.located(), images, words, resumed)


def _with_length(resolved: Resolved) -> Resolved:
    """Return the settings with 20,000 steps if neither steps, epochs nor time are set."""
    settings = resolved.settings
    if settings.steps or settings.epochs or settings.time:
        return resolved
    return Resolved(settings.model_copy(update={"steps": 20_000}), resolved.origins, resolved.notes)


def _show_plan(resolved: Resolved) -> int:
    """Print the merged settings as TOML, and the sizes of the networks as comments: a file that --config takes."""
    click.echo(toml.to_toml(resolved))
    try:
        images = resolved.settings.data.load(show_progress())
    except GanError as error:
        click.echo(f"# The networks depend on the images: {error}")
        return Exit.OK
    for line in _plan_of_networks(resolved.settings, images):
        click.echo(f"# {line}")
    return Exit.OK


def _plan_of_networks(settings: Any, images: Any) -> Iterator[str]:
    from gancli.training.build import build_networks

    conditional = settings.arch.is_conditional(settings.conditional, len(images.classes))
    networks = build_networks(settings, images, conditional)
    channels, height, width = images.spec.shape
    yield f"{plural(len(images), 'image')}, {height}x{width}, {plural(channels, 'channel')}"
    for name, network in networks.items():
        yield f"{name}: {plural(sum(parameter.numel() for parameter in network.parameters()), 'parameter')}"


def _train(resolved: Resolved, images: Any, words: dict[str, Any], resumed: Resumed | None) -> int:
    from gancli.loggers.guarded import open_loggers
    from gancli.runs.lock import FINISHED, STOPPED
    from gancli.terminal.choose import make_display
    from gancli.terminal.signals import handled

    with opened(resolved, images, words, resumed, _label(resolved.settings)) as (trainer, held, lock):
        _log_skipped(held, images)
        display, loggers = make_display(words["display"], trainer), open_loggers(resolved.settings.log, trainer)
        lock.begin()
        with handled(trainer, display) as caught, loggers as log, display:
            for tick in trainer:
                log(tick)
                display.tick(tick)
            # Before the loggers close, which may take long: a signal then ends the command, and not the run.
            _check_saved(trainer)
            finished = (trainer.progress or 0.0) >= 1.0
            lock.end(FINISHED if finished else STOPPED)
    return _finish(held, finished, caught)


def _check_saved(trainer: "Trainer") -> None:
    """Raise GanError where the last step is in no checkpoint."""
    if trainer.saved or trainer.run is None or trainer.saver is None:
        return
    kept = trainer.run.checkpoints()
    before = f"What there is: {clean(kept[-1])}" if kept else "Nothing of it is kept."
    raise GanError(f"Step {trainer.step:,} could not be saved: {trainer.saver.fault}", before)


def _log_skipped(held: run.Run, images: Any) -> None:
    """Write into the run's log every file that was left out, and why."""
    if images.skipped:
        with held.log.open("a", encoding="utf-8") as log:
            log.writelines(f"skipped: {clean(name)}: {clean(why)}\n" for name, why in images.skipped)


def _label(settings: Settings) -> str:
    source = settings.data.source.removeprefix(f"{settings.data.name}:")
    data = Path(source).resolve().name if settings.data.name != source else source
    return f"{settings.arch.name}-{settings.loss.name}-{Path(data).stem}".replace("/", "-")


def _finish(held: run.Run, finished: bool, codes: list[int]) -> int:
    """Print what to type next on stderr and the run's folder on stdout; return the exit code.

    codes: the exit codes of the signals that ended the training, if any did.
    """
    name = clean(held.name if held.path.parent == finding.home() else held.path)
    if not held.checkpoints():
        click.echo("Stopped before the first step: there is nothing to continue.", err=True)
    elif not finished:
        click.echo(f"Stopped and saved. Continue with: gan train --resume {name}", err=True)
    else:
        click.echo(f"Done. Real beside generated: {clean(held.comparison)}", err=True)
        click.echo(f"Next:  gan sample {name} --show", err=True)
        click.echo(f"       gan interpolate {name} --seeds 1,2,3 --out walk.gif", err=True)
    click.echo(str(held.path))
    return codes[0] if codes and not finished else Exit.OK


def _parameters() -> list[click.Parameter]:
    names = {kind: f"see `gan list {kind}s`" for kind in ("architecture", "preset")}
    return [
        click.Argument(["source"], required=False),
        click.Option(["--preset"], metavar="NAME", help=f"A paper's pair of architecture and loss; {names['preset']}."),
        click.Option(["--arch"], metavar="NAME", help=f"Architecture; {names['architecture']}.  [dcgan]"),
        click.Option(["--loss"], metavar="NAME", help="Loss; see `gan list losses`.  [gan]"),
        click.Option(["--data"], metavar="SOURCE", help="The same as SOURCE."),
        click.Option(["--config"], metavar="FILE", help="Settings: a TOML file, a run folder or a checkpoint."),
        click.Option(
            ["--resume"], metavar="RUN", help="Continue a run where it stopped; auto: begin or continue --name."
        ),
        click.Option(["--out"], metavar="DIR", help="Folder of the run's folder.  [runs]"),
        click.Option(["--name"], metavar="NAME", help="Name of the run; default: a number and what it trains."),
        click.Option(["--display"], type=click.Choice(DISPLAYS), default="auto", help="How progress is shown."),
        click.Option(
            ["--dry-run"], is_flag=True, help="Show the settings, their origins and the networks; do nothing."
        ),
        *options_of(Settings),
        *[o for o in options_of(Dataset, "data.", SHARED_DATA) if getattr(o, "key", "") != "data.source"],
    ]


command = TrainCommand("train", callback=click.pass_context(train_gan), params=_parameters(), help=train_gan.__doc__)


keep_old_names(globals())

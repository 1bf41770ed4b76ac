"""Where the modules of version 0.1.0 are now. Importing from an old place works for one version more, with a warning.

Every path is one below `gancli`.
"""

import sys
import warnings
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]

MODULES: dict[str, tuple[str, ...]] = {
    "admission": ("plugins.loading",),
    "architectures": ("architectures.contract",),
    "augmentations": ("game.augmentations",),
    "blame": ("plugins.blame",),
    "builtins": ("plugins.builtin",),
    "checkpoint": ("runs.checkpoint",),
    "commands.list": ("commands.listing",),
    "commands.options": ("commands.click_options",),
    "commands.sampling": ("commands.generating",),
    "comparison": ("reports.compare",),
    "config": (
        "config.layers",
        "config.config",
        "config.environment",
        "config.parts",
        "config.sources",
        "config.presets",
        "config.toml",
    ),
    "data.base": ("data.images", "data.dataset", "data.fields"),
    "data.fields": ("base.units",),
    "data.select": ("data.selection", "data.records"),
    "data.torchvision": ("data.torchvision_sets",),
    "device": ("compute.device", "compute.memory"),
    "display": ("terminal.display", "telemetry.subject", "terminal.choose"),
    "display.blocks": ("terminal.blocks",),
    "display.curves": ("terminal.curves",),
    "display.dashboard": ("terminal.dashboard",),
    "display.json": ("terminal.json_lines",),
    "display.keys": ("terminal.keys",),
    "display.labels": ("telemetry.labels",),
    "display.live": ("terminal.live",),
    "display.plain": ("terminal.plain",),
    "display.progress": ("terminal.progress", "base.progress"),
    "display.watch": ("reports.follow", "generation.pictures"),
    "divergence": ("training.divergence",),
    "diversity": ("training.diversity",),
    "errors": ("base.errors",),
    "evaluation": ("runs.evaluations",),
    "evaluation.evaluate": ("evaluation.procedure",),
    "evaluation.reference": ("evaluation.references",),
    "extractors": ("extractors.contract",),
    "extractors.random": ("extractors.random_features",),
    "files": ("base.files",),
    "gallery": ("training.gallery",),
    "game": ("game.game", "game.network", "game.statistics"),
    "generator": ("generation.model", "generation.sampler"),
    "history": ("telemetry.metrics_file",),
    "hookspecs": ("plugins.hooks",),
    "images": ("generation.pictures",),
    "inputs": ("architectures.inputs",),
    "latents": ("architectures.latents",),
    "layout": (),
    "length": ("training.length",),
    "lock": ("runs.lock",),
    "loggers": ("loggers.contract", "loggers.guarded"),
    "loggers.wandb": ("loggers.weights_and_biases",),
    "losses": ("losses.contract", "game.game"),
    "metrics": ("metrics.contract",),
    "metrics.figures": ("metrics.formulas",),
    "networks": ("training.build", "generation.weights"),
    "offline": ("plugins.offline",),
    "options": ("base.options",),
    "overview": ("reports.overview",),
    "pace": ("training.cadence", "compute.kernels"),
    "players": ("training.players", "training.averaging"),
    "plots": ("reports.plots",),
    "plugins": ("plugins.registry",),
    "presets": ("config.presets",),
    "probe": ("training.probing",),
    "process": ("compute.process",),
    "r1": ("game.penalties",),
    "randomness": ("compute.randomness",),
    "run": ("runs.run", "runs.finding"),
    "sampling": ("architectures.sampling",),
    "saver": ("runs.saver",),
    "scaffold": ("plugins.scaffold",),
    "sealed": ("base.tensor_file",),
    "settings": ("config.settings", "compute.device_names", "base.units"),
    "signals": ("terminal.signals", "base.errors"),
    "state": ("training.state",),
    "testing": ("testing.contract",),
    "testing.figures": ("testing.metrics",),
    "testing.fixtures": ("pytest_plugin", "testing.outcome"),
    "text": ("base.text",),
    "ticks": ("telemetry.ticks",),
    "trainer": ("training.trainer",),
    "verdicts": ("telemetry.verdicts", "telemetry.subject"),
}
"""The modules in which each old one's names are looked for, in turn."""

RENAMED: dict[str, str] = {
    "architectures.cgan.Generator": "architectures.cgan.CGANGenerator",
    "architectures.dcgan.Discriminator": "architectures.dcgan.DCGANDiscriminator",
    "architectures.dcgan.Generator": "architectures.dcgan.DCGANGenerator",
    "architectures.dcgan.Up": "architectures.dcgan.UpConvolution",
    "architectures.mlp.Discriminator": "architectures.mlp.MLPDiscriminator",
    "architectures.mlp.Generator": "architectures.mlp.MLPGenerator",
    "architectures.resnet.Discriminator": "architectures.resnet.ResNetDiscriminator",
    "architectures.resnet.Down": "architectures.resnet.ResidualDown",
    "architectures.resnet.Generator": "architectures.resnet.ResNetGenerator",
    "architectures.resnet.Up": "architectures.resnet.ResidualUp",
    "commands.sampling.asked_of": "commands.generating.sampling_of",
    "commands.train.train": "commands.train.train_gan",
    "comparison.comparison": "reports.compare.compare_runs",
    "config.ENV_ELSEWHERE": "config.environment.ELSEWHERE",
    "config.ENV_PREFIX": "config.environment.PREFIX",
    "config.SLOTS": "config.parts.PARTS",
    "config.Slot": "config.parts.ChosenPart",
    "config.chosen": "config.layers.choices_of_layers",
    "config.defaults": "config.layers.defaults_of",
    "config.suggested": "config.layers.suggested_values",
    "data.cache.Entry": "data.cache.CachedSet",
    "display.labels.duration": "base.units.clock_text",
    "display.labels.figure": "telemetry.labels.number_text",
    "display.labels.figures": "telemetry.labels.numbers_text",
    "display.labels.happened": "telemetry.labels.event_text",
    "display.progress.shown": "terminal.progress.show_progress",
    "evaluation.evaluate.alike": "generation.datasets.prepared_alike",
    "evaluation.measuring.chosen": "evaluation.measuring.choose_metrics",
    "evaluation.measuring.generated": "evaluation.measuring.generate",
    "evaluation.reference.kept": "evaluation.references.cache_path",
    "evaluation.reference.measured": "evaluation.references.measure_reference",
    "evaluation.reference.reference": "evaluation.references.reference_of",
    "extractors.classifier.Judge": "extractors.classifier.ClassifierFeatures",
    "extractors.classifier.kept": "extractors.classifier.cache_path",
    "extractors.embedder.embedder": "extractors.embedder.open_embedder",
    "generator.Generator": "generation.model.TrainedModel",
    "inputs.inputs": "architectures.inputs.inputs_of",
    "latents.generator": "compute.randomness.stream",
    "loggers.RETRY": "base.retry.PAUSE",
    "networks.build": "training.build.build_networks",
    "offline.offline": "plugins.offline.no_network",
    "overview.about": "reports.overview.subject_of",
    "overview.overview": "reports.overview.overview_of",
    "run.runs": "runs.finding.runs_in",
    "saver.RETRY": "base.retry.PAUSE",
}
"""The new path of each name that is another now."""


class OldModules:
    """Finds the modules of version 0.1.0 that are none any more: as modules without a name of their own."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.removeprefix(f"{PACKAGE}.") not in MODULES:
            return None
        loader: Any = self  # not derived from importlib.abc.Loader, whose import takes longer than all of gancli's own
        # Each is a package, since some had modules of their own.
        return ModuleSpec(fullname, loader, is_package=True)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        keep_old_names(module.__dict__)


def install() -> None:
    """Have old modules found, after all that are really there."""
    if not any(isinstance(finder, OldModules) for finder in sys.meta_path):
        sys.meta_path.append(OldModules())


def keep_old_names(namespace: dict[str, Any]) -> None:
    """Give a module, by its namespace, the names that its namesake of version 0.1.0 had and that are elsewhere now."""
    module = str(namespace["__name__"])
    old = module.removeprefix(f"{PACKAGE}.")
    otherwise = namespace.get("__getattr__", partial(_refuse, module))

    def __getattr__(name: str) -> Any:
        # Modules that are here, and not imported yet, come before what their names were.
        if name.startswith("_") or PathFinder.find_spec(f"{module}.{name}", namespace.get("__path__", [])):
            return otherwise(name)
        home = _home(old, name)
        if not home:
            return otherwise(name)
        warnings.warn(f"{module}.{name} is now {PACKAGE}.{home}", DeprecationWarning, stacklevel=2)
        return _value(home)

    namespace["__getattr__"] = __getattr__


def _refuse(module: str, name: str) -> Any:
    raise AttributeError(f"module '{module}' has no attribute '{name}'")


def _home(old: str, name: str) -> str:
    """The path that a name of an old module has now, empty where there is none."""
    if f"{old}.{name}" in RENAMED:
        return RENAMED[f"{old}.{name}"]
    for module in MODULES.get(old, ()):
        if name in vars(import_module(f"{PACKAGE}.{module}")):
            return f"{module}.{name}"
    return ""


def _value(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{PACKAGE}.{module}"), name)

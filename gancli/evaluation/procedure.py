"""How `gan evaluate` measures: a model, real images, an extractor and metrics give one evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import clean, plural
from gancli.data.fields import size_text
from gancli.data.images import Images
from gancli.evaluation.measuring import choose_metrics, classes_for, generate, measure
from gancli.evaluation.references import reference_of
from gancli.extractors.contract import Extractor, default
from gancli.extractors.embedder import Embedder, open_embedder
from gancli.generation.datasets import prepared_alike, trained_dataset
from gancli.generation.model import TrainedModel
from gancli.runs.checkpoint import Header
from gancli.runs.evaluations import Evaluation
from gancli.telemetry.subject import data_name


@dataclass(frozen=True)
class Real:
    """The real images to compare with and their name; `own`: those the model was trained on, if they can be read."""

    images: Images
    name: str
    own: Images | None
    notes: tuple[str, ...] = ()

    @property
    def trained_on(self) -> bool:
        """Whether the model was trained on the images to compare with."""
        return self.own is not None and self.images.is_known_as(self.own.fingerprint)

    def notes_for(self, n: int) -> list[str]:
        """Return what a user should know before n samples are compared with the images, a sentence each."""
        few = n > len(self.images)
        rough = f"{n:,} samples stand beside {plural(len(self.images), 'real image')}: figures of so few are rough."
        return [*self.notes, *([rough] if few else [])]


def real_images(generator: TrainedModel, source: str | None, bar: Progress, *, trusted: bool = True) -> Real:
    """Return the images of a source, prepared as those the model was trained on, or for None those themselves.

    The place of its images in a checkpoint that is not trusted is not read. Raises GanError where there are none, or
    their shape is not the model's.
    """
    header, spec = generator.header, generator.spec
    trained = header.data.fingerprint
    own, fault = _own(header, bar) if trusted else (None, "a checkpoint outside of a run is not believed.")
    if source is None:
        if own is None:
            raise GanError(f"The images of this run cannot be had: {fault}", "Give others like them: --data SOURCE.")
        dataset, images = trained_dataset(header), own
    else:
        dataset = prepared_alike(header, source)
        images = dataset.load(bar)
    if images.spec.shape != spec.shape:
        raise GanError(
            f"The images of {clean(dataset.source)} are {_shape(images.spec.shape)}; "
            f"the model makes {_shape(spec.shape)}."
        )
    if images.is_known_as(trained):
        own = images
    changed = own is not None and not own.is_known_as(trained)
    note = f"The images of {clean(trained_dataset(header).source)} have changed since the training." if changed else ""
    return Real(images, data_name(dataset.name, dataset.source), None if changed else own, (note,) if note else ())


def evaluate(
    generator: TrainedModel,
    real: Real,
    extractor: Extractor | None,
    metrics: Sequence[str],
    *,
    n: int,
    seed: int,
    bar: Progress,
) -> Evaluation:
    """Return the figures of n samples of a seed: of the metrics named, or of all that can be taken.

    extractor: None for the default one of the images. Raises GanError where a metric named cannot be taken.
    """
    basis = real.own or real.images
    # A metric that cannot be taken is refused before an extractor is trained or an image is generated.
    choose_metrics(metrics, _available(generator, basis.classes, real))
    embedder = open_embedder(extractor or default(basis), basis, generator.device, bar)
    chosen = choose_metrics(metrics, _available(generator, embedder.classes, real))
    reference = reference_of(real.images, embedder, bar, trained_on=real.trained_on)
    classes = classes_for(generator, real.images, n, seed)
    generated = generate(generator.with_images(real.images), classes, n, seed, embedder, bar)
    figures, better = measure(chosen, generated, reference, asked=bool(metrics))
    return _evaluation(generator.header, real, embedder, n=n, seed=seed, figures=figures, better=better)


def _evaluation(header: Header, real: Real, embedder: Embedder, **measured: Any) -> Evaluation:
    """The evaluation of what was measured, with the terms that it is on."""
    return Evaluation(
        step=header.step,
        images_seen=header.images_seen,
        extractor=embedder.identity,
        accuracy=embedder.accuracy,
        reference=f"{real.name}, {plural(len(real.images), 'image')}",
        fingerprint=real.images.fingerprint,
        **measured,
    )


def _available(generator: TrainedModel, classes: tuple[str, ...], real: Real) -> frozenset[str]:
    """What metrics may need and can have, with an extractor that tells these classes; see Metric.needs."""
    is_available = {
        "training": real.trained_on,
        "asked": generator.conditional and classes == generator.spec.classes,
        "classes": len(classes) > 1,
    }
    return frozenset(need for need, value in is_available.items() if value)


def _own(header: Header, bar: Progress) -> tuple[Images | None, str]:
    """The images that the model was trained on and "", or None and why they cannot be read."""
    try:
        return trained_dataset(header).load(bar), ""
    except GanError as error:
        return None, error.message


def _shape(shape: tuple[int, int, int]) -> str:
    return f"{size_text(shape[1:])} with {plural(shape[0], 'channel')}"

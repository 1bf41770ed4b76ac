"""What `gan evaluate` does: a checkpoint, real images and an extractor brought together into one evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import clean, plural
from gancli.data.fields import size_text
from gancli.data.images import Images
from gancli.evaluation.measuring import chosen, classes_for, generated, measure
from gancli.evaluation.references import reference
from gancli.extractors.contract import Extractor, default
from gancli.extractors.embedder import embedder
from gancli.generation.datasets import prepared_alike, trained_dataset
from gancli.generation.model import TrainedModel
from gancli.runs.checkpoint import Header
from gancli.runs.evaluations import Evaluation
from gancli.telemetry.subject import data_name


@dataclass(frozen=True)
class Real:
    """The images to compare with, their name, those the model was trained on if they can be had, and what to note."""

    images: Images
    name: str
    own: Images | None
    notes: tuple[str, ...] = ()

    @property
    def trained_on(self) -> bool:
        """Whether the model was trained on the images to compare with."""
        return self.own is not None and self.images.is_known_as(self.own.fingerprint)

    def notes_for(self, n: int) -> list[str]:
        """What to say before n samples are compared with them."""
        few = n > len(self.images)
        rough = f"{n:,} samples stand beside {plural(len(self.images), 'real image')}: figures of so few are rough."
        return [*self.notes, *([rough] if few else [])]


def real_images(generator: TrainedModel, source: str | None, bar: Progress, *, trusted: bool = True) -> Real:
    """The images of another source, prepared as the model's own were, or else those; raises GanError.

    Where a checkpoint that is not trusted says its images are, nobody looks.
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
        got, made = _shape(images.spec.shape), _shape(spec.shape)
        raise GanError(f"The images of {clean(dataset.source)} are {got}; the model makes {made}.")
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
    """All figures of n samples of a seed; of the metrics named, or of all that can be taken. Raises GanError."""
    basis = real.own or real.images
    chosen_one = extractor or default(basis)
    training = "training" if real.trained_on else ""
    # Before anything is trained or sampled: whether what is asked for can be had.
    chosen(metrics, _have(generator, basis.classes, training))
    see = embedder(chosen_one, basis, generator.device, bar)
    taken = chosen(metrics, _have(generator, see.classes, training))
    facts = reference(real.images, see, bar, trained_on=real.trained_on)
    made = generated(generator.given(real.images), classes_for(generator, real.images, n, seed), n, seed, see, bar)
    figures, better = measure(taken, made, facts, asked=bool(metrics))
    header = generator.header
    return Evaluation(
        step=header.step,
        images_seen=header.images_seen,
        extractor=see.identity,
        accuracy=see.accuracy,
        n=n,
        seed=seed,
        reference=f"{real.name}, {plural(len(real.images), 'image')}",
        fingerprint=real.images.fingerprint,
        figures=figures,
        better=better,
    )


def _have(generator: TrainedModel, classes: tuple[str, ...], training: str) -> frozenset[str]:
    """What metrics can count on, where an extractor tells these classes."""
    asked = "asked" if generator.conditional and classes == generator.spec.classes else ""
    return frozenset({training, asked, "classes" if len(classes) > 1 else ""} - {""})


def _own(header: Header, bar: Progress) -> tuple[Images | None, str]:
    """The images that the model was trained on, or why they cannot be had."""
    try:
        return trained_dataset(header).load(bar), ""
    except GanError as error:
        return None, error.message


def _shape(shape: tuple[int, int, int]) -> str:
    return f"{size_text(shape[1:])} with {plural(shape[0], 'channel')}"

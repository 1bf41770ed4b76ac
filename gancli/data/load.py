"""From a listing to prepared images: as they are, out of the cache, or streamed."""

import shutil
from dataclasses import replace

import numpy as np
import PIL

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.base.units import bytes_text
from gancli.compute.memory import free_memory
from gancli.data import cache
from gancli.data.build import Build, skipped, strictly
from gancli.data.dataset_options import DatasetOptions
from gancli.data.images import Images, Order, Pixels, Skipped, pixels_digest, samples_digest, shuffled, spread
from gancli.data.prepare import channels_of, look_of
from gancli.data.records import Records, Unfit, digest_of, nothing_in
from gancli.data.selection import Selection, native_size, preparation, shape_for, skipped_note
from gancli.data.streamed import Streamed
from gancli.data.workers import attempts, workers_for

SHARE = 0.5  # of the free memory and disk that decoded images may take
HASHED = 10**9  # bytes of an array that is read as a whole to know it again; of a larger one some images are


def assembled(build: Build) -> Images:
    """The images of a selection from a listing; raises GanError naming the source when there are none."""
    options, records, selection = build.options, build.records, build.selection
    if options.strict and records.skipped:
        raise strictly(options, records.skipped[0])
    if not len(selection.numbers):
        raise nothing_in(options.source, f" ({skipped_note(records.skipped)})" if records.skipped else "")
    whole = _as_it_is(records, options, selection)
    if whole is None:
        return _cached_or_built(build)
    images = _images(records, options, selection, whole, list(records.skipped))
    if whole.nbytes < HASHED:
        return replace(images, digest=pixels_digest(whole))
    sampled = samples_digest(len(whole), whole[spread(len(whole))])
    return replace(images, sampled=sampled, marks=_key(records, options))


def _as_it_is(records: Records, options: DatasetOptions, selection: Selection) -> np.ndarray | None:
    """The listing's own array, where preparing would change nothing."""
    whole = records.whole
    if whole is None or options.crop or options.range:
        return None
    _, channels, *size = whole.shape
    wanted = channels_of(f"uint8 x {channels}") if options.channels == "auto" else options.channels
    if (options.size or native_size([(size[0], size[1])])) != tuple(size) or wanted != channels:
        return None
    try:
        look_of(whole[0].transpose(1, 2, 0))
    except Unfit:
        return None
    return whole if len(selection.numbers) == len(whole) else whole[selection.numbers]


def _cached_or_built(build: Build) -> Images:
    options = build.options
    key = _key(build.records, options)
    about, fault = _usable(key, options), None
    if about is None:
        with cache.locked(key, lambda: build.progress.wait("Another process prepares these images: waiting for it")):
            about = _usable(key, options)
            if about is None:
                about, fault = _built(key, build)
    selection = build.selection.without(position for position, _ in about.skipped)
    pixels: Pixels
    if about.kept and not _exceeds(options, about.size, kept=True):
        pixels = cache.pixels(key, about)
    else:
        how = preparation(build.records, options, about.shape[1:])
        workers = workers_for(build.records, options.workers, len(selection.numbers))
        pixels = Streamed(build.records, selection, how, workers)
    left_out = [*build.records.skipped, *skipped(build.records, build.selection, dict(about.skipped))]
    if options.strict and left_out:
        raise strictly(options, left_out[0])
    notes = () if fault is None else (f"The cache {clean(cache.home())} cannot be written ({fault}): images stream.",)
    images = _images(build.records, options, selection, pixels, left_out, notes)
    if about.digest:
        return replace(images, digest=about.digest)
    return replace(images, sampled=_sampled(build, about), marks=key)


def _sampled(build: Build, about: cache.About) -> str:
    """A digest of some pictures, of a source whose pictures are taken to be good unread."""
    numbers = build.selection.numbers
    how = preparation(build.records, build.options, about.shape[1:])
    return samples_digest(len(numbers), attempts(build.records, how, numbers[spread(len(numbers))].tolist()))


def _key(records: Records, options: DatasetOptions) -> str:
    """What the cache knows prepared images by: what is there, and all that decides how it comes out."""
    o = options
    asked = (o.size, o.fit, o.crop, o.channels, o.background, o.range, o.classes, o.limit)
    return digest_of(cache.FORMAT, PIL.__version__, records.fingerprint, asked)


def _usable(key: str, options: DatasetOptions) -> cache.About | None:
    """What the cache holds, if that is all that is wanted: pixels, or the knowledge of which pictures are good."""
    about = cache.find(key)
    return about if about is not None and (about.kept or _exceeds(options, about.size)) else None


def _built(key: str, build: Build) -> tuple[cache.About, str | None]:
    """Decode every picture once; returns what is known now, and why it could not be kept if it should have been."""
    options, records, count = build.options, build.records, len(build.selection.numbers)
    looks = [] if options.size and options.channels != "auto" else build.looks
    shape = shape_for(options, looks)
    size = count * int(np.prod(shape))
    keep = not _exceeds(options, size)
    if not keep and not records.anywhere:
        raise GanError(
            f"{clean(options.source)} is compressed as a whole and cannot stream; decoded it takes {bytes_text(size)}.",
            "Give more --cache-limit or a smaller --size, or unpack it.",
        )
    if not keep and build.trusted:
        return cache.About(options.source, (count, *shape), (), "", False), None
    with cache.Writer(key, keep=keep) as writer:
        digest = build.decode(preparation(records, options, shape), writer)
        left_out = tuple(sorted(build.bad.items()))
        about = cache.About(options.source, (count - len(left_out), *shape), left_out, digest, keep)
        return writer.finish(about), writer.fault if keep else None


def _images(
    records: Records,
    options: DatasetOptions,
    selection: Selection,
    pixels: Pixels,
    left_out: list[Skipped],
    notes: tuple[str, ...] = (),
) -> Images:
    all_notes = (*records.notes, *notes, *((skipped_note(left_out),) if left_out else ()))
    order = _order(records, selection)
    labels, classes = selection.labels, selection.classes
    return Images(
        pixels, labels, classes, all_notes, tuple(left_out), options.flip, order=order, numbers=selection.numbers
    )


def _order(records: Records, selection: Selection) -> Order:
    """The order of an epoch among the selected, as the listing wants it."""
    if type(records).order is Records.order:
        return shuffled
    numbers = selection.numbers
    return lambda rng, rows: np.searchsorted(numbers, records.order(rng, numbers[rows]))


def _exceeds(options: DatasetOptions, size: int, *, kept: bool = False) -> bool:
    """Whether so many bytes are more than may be kept; what is kept already needs no room."""
    if options.cache_limit is not None:
        return size > options.cache_limit
    return not kept and size > SHARE * min(_free_disk(), free_memory())


def _free_disk() -> int:
    place = cache.home()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free

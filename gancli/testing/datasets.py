"""The rules of datasets; most of them need a source that the dataset reads."""

from functools import partial
from typing import Any

import numpy as np

from gancli.data.dataset import Dataset
from gancli.data.records import Records
from gancli.data.workers import Crew, attempts, result_of
from gancli.plugins.registry import registry
from gancli.testing.contract import Broken, Case, Rules
from gancli.testing.training import folder, resumes, trainer
from gancli.training.trainer import Trainer


def rules(case: Case) -> Rules:
    """Give the rules of a dataset, each as a title and a function that raises Broken."""
    yield "claims nothing that it does not know", partial(_is_modest, case)
    if case.source is not None:
        yield "lists its source", partial(_lists, case)
        yield "is the same in another process", partial(_goes_elsewhere, case)
        yield "prepares images", partial(_prepares, case)
        yield "streams the same images", partial(_streams, case)
        yield "resumes exactly", partial(_resumes, case)


def _options(case: Case, **more: Any) -> Dataset:
    own = {
        key.removeprefix("data."): value
        for key, value in case.settings_for(case.entry).items()
        if key.startswith("data.")
    }
    fixed = {"source": case.source, "size": "16", "workers": 0}
    dataset: Dataset = case.entry.load().model_validate({"name": case.entry.name, **own, **fixed, **more})
    return dataset


def _is_modest(case: Case) -> None:
    cls = case.entry.load()
    with folder() as parent:
        (parent / "note.txt").write_text("no image\n", encoding="utf-8")
        for path in (parent / "note.txt", parent / "absent"):
            if cls.recognises(path):
                raise Broken(f"recognises says yes to {path.name}. Look at the suffix, or into the file.")


def _lists(case: Case) -> None:
    records = _options(case).open()
    if not len(records):
        raise Broken(f"{case.source} lists no picture. Raise GanError where there is none.")
    if records.labels is not None and (len(records.labels) != len(records) or records.labels.dtype != np.int64):
        raise Broken(f"labels are {records.labels.dtype} {records.labels.shape}, not int64 ({len(records)},).")
    if records.labels is not None and records.labels.max() >= len(records.classes):
        raise Broken(f"A label is {records.labels.max()}, and there are {len(records.classes)} classes.")
    if records.fingerprint != _options(case).open().fingerprint:
        raise Broken("The fingerprint differs from one look to the next. Make it of names, sizes and times of files.")


def _goes_elsewhere(case: Case) -> None:
    records = _options(case).open()
    try:
        with Crew(records, _bytes, 1) as crew:
            elsewhere = result_of(crew.submit([0]))
    except Exception as error:
        raise Broken(f"The listing cannot go to another process ({error}). Open files when they are needed.") from error
    if elsewhere != attempts(records, _bytes, [0]):
        raise Broken("The listing gives another picture in another process. Open files when they are needed.")


def _bytes(records: Records, number: int) -> bytes:
    return np.asarray(records.picture(number)).tobytes()


def _prepares(case: Case) -> None:
    data = _options(case).load()
    if not len(data) or data.spec.shape[1:] != (16, 16):
        raise Broken(f"It prepares {len(data)} images of {data.spec.shape}, where 16x16 was asked for.")


def _streams(case: Case) -> None:
    kept, streamed = _options(case).load(), _options(case, cache_limit=0).load()
    numbers = np.arange(min(len(kept), len(streamed)))
    if len(kept) != len(streamed) or not np.array_equal(kept.pixels[numbers], streamed.pixels[numbers]):
        raise Broken("Streamed images differ from those of the cache. picture(n) has to give the same every time.")


def _resumes(case: Case) -> None:
    arch, loss = (registry().find(kind, "gan") for kind in ("architecture", "loss"))

    def training(**more: Any) -> Trainer:
        # Opened anew each time: nothing but the number of images drawn may say which comes next.
        return trainer(arch, loss, {"arch.units": 4}, data=_options(case, cache_limit=0).load(), **more)

    resumes(training)

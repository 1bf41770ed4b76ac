"""The built-ins keep the contracts that plugins are checked by."""

import itertools
import os
from typing import Any

import numpy as np
import pytest
from small import TINY

from gancli import Dataset, Records
from gancli.plugins.registry import BUILT_IN, Entry, registry
from gancli.testing import Broken, Case, Check, check_entry

KINDS = ("architecture", "loss", "augmentation", "metric", "preset", "logger", "dataset")
EXTRAS = {"tensorboard", "wandb"}  # tested with what they need, in test_runs.py


def built_in() -> list[Check]:
    entries = [e for kind in KINDS for e in registry().listing(kind) if e.package == BUILT_IN and e.name not in EXTRAS]
    checks = [check for entry in entries for check in check_entry(Case(entry, (entry,), TINY.get(entry.name, {})))]
    # Every pair once: tiny, as architectures have it.
    return [check for check in checks if "plays with architecture" not in str(check)]


@pytest.mark.parametrize("check", built_in(), ids=str)
def test_built_ins_keep_the_contracts(check: Check) -> None:
    check()


class Here(Records):
    """Pictures that only this process has; with a handle it cannot even be sent to another."""

    fingerprint = "here"

    def __init__(self, handle: Any) -> None:
        self.handle = handle

    def __len__(self) -> int:
        return 3

    def picture(self, number: int) -> np.ndarray:
        return np.full((8, 8), os.getpid() % 256 ^ os.getpid() // 256, np.uint8)


class Moody(Dataset):
    """`open` or `other`: how it is broken."""

    def open(self) -> Records:
        return Here(open(os.devnull) if self.source == "open" else None)  # noqa: PTH123


class Wilful(Here):
    """Pictures that come in another order each time one looks."""

    looks = itertools.count()

    def picture(self, number: int) -> np.ndarray:
        return np.full((8, 8), 80 * number, np.uint8)

    def order(self, rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
        return np.roll(numbers, next(self.looks))


class Forgetful(Dataset):
    """Its order depends on more than what is given."""

    def open(self) -> Records:
        return Wilful(None)


def test_an_order_that_a_resumed_run_does_not_find_again_is_found_out() -> None:
    entry = Entry("dataset", "forgetful", "test_conformance:Forgetful", "", "x", "1")
    rules = {check.title.partition(": ")[2]: check for check in check_entry(Case(entry, source="any"))}
    with pytest.raises(Broken, match="A resumed run differs"):
        rules["resumes exactly"]()


@pytest.mark.parametrize(("source", "told"), [("open", "cannot go to another process"), ("other", "another picture")])
def test_a_listing_that_is_not_the_same_in_another_process_is_found_out(source: str, told: str) -> None:
    entry = Entry("dataset", "moody", "test_conformance:Moody", "", "x", "1")
    rules = {check.title.partition(": ")[2]: check for check in check_entry(Case(entry, source=source))}
    with pytest.raises(Broken, match=told):
        rules["is the same in another process"]()

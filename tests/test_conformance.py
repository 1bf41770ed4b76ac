"""The built-ins keep the contracts that plugins are checked by."""

import pytest
from small import TINY

from gancli.plugins import BUILT_IN, registry
from gancli.testing import Case, Check, check_entry

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

"""What every loss has to keep."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from gancli.plugins import Entry
from gancli.testing import Broken, Case, Rules
from gancli.testing.architectures import conditions
from gancli.testing.training import accepted, play, refusal, resumes, trainer
from gancli.trainer import Trainer


def rules(case: Case) -> Rules:
    """The rules of losses, one by one."""
    yield "some architecture plays with it", partial(_plays_with_some, case)
    for arch in case.partners("architecture"):
        yield f"plays with architecture {arch.name}", partial(_plays, case, arch)
    yield "resumes exactly", partial(_resumes, case)


def _own(case: Case, arch: Entry) -> Mapping[str, Any]:
    """The settings that were given, those for networks only where these are of the same package."""
    return {k: v for k, v in case.settings.items() if not k.startswith("arch.") or arch in case.own}


def _partners(case: Case) -> Iterator[tuple[Entry, Trainer]]:
    """The architectures that play with the loss, its own first, each with a trainer of both."""
    archs = sorted(case.partners("architecture"), key=lambda arch: arch not in case.own)
    for arch in archs:
        for conditional in conditions(arch.load()):
            training = accepted(arch, case.entry, _own(case, arch), conditional=conditional)
            if training is not None:
                yield arch, training


def _plays_with_some(case: Case) -> None:
    if next(_partners(case), None) is None:
        arch = case.partners("architecture")[0]
        why = refusal(arch, case.entry, _own(case, arch))
        raise Broken(f"No architecture plays with it; {arch.name}: {why}. Add an architecture made for it.")


def _plays(case: Case, arch: Entry) -> None:
    for conditional in conditions(arch.load()):
        training = accepted(arch, case.entry, _own(case, arch), conditional=conditional)
        if training is not None:
            play(training)


def _resumes(case: Case) -> None:
    for arch, found in islice(_partners(case), 1):
        pair = partial(trainer, arch, case.entry, _own(case, arch))
        resumes(partial(pair, conditional=found.conditional, data=found.data))

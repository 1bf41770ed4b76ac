"""The rules of losses."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from gancli.plugins.registry import Entry
from gancli.testing.architectures import conditions
from gancli.testing.contract import Broken, Case, Rules
from gancli.testing.training import accepted, play, refusal, resumes, trainer
from gancli.training.trainer import Trainer


def rules(case: Case) -> Rules:
    """Give the rules of a loss, each as a title and a function that raises Broken."""
    yield "some architecture plays with it", partial(_plays_with_some, case)
    for arch in case.partners("architecture"):
        yield f"plays with architecture {arch.name}", partial(_plays, case, arch)
    yield "resumes exactly", partial(_resumes, case)


def _partners(case: Case) -> Iterator[tuple[Entry, Trainer]]:
    """Give each architecture that plays with the loss, those of its package first, and a trainer of both."""
    archs = sorted(case.partners("architecture"), key=lambda arch: arch not in case.own)
    for arch in archs:
        for conditional in conditions(arch.load()):
            training = accepted(arch, case.entry, case.settings_for(arch, case.entry), conditional=conditional)
            if training is not None:
                yield arch, training


def _plays_with_some(case: Case) -> None:
    if next(_partners(case), None) is None:
        arch = case.partners("architecture")[0]
        why = refusal(arch, case.entry, case.settings_for(arch, case.entry))
        raise Broken(f"No architecture plays with it; {arch.name}: {why}. Add an architecture made for it.")


def _plays(case: Case, arch: Entry) -> None:
    for conditional in conditions(arch.load()):
        training = accepted(arch, case.entry, case.settings_for(arch, case.entry), conditional=conditional)
        if training is not None:
            play(training)


def _resumes(case: Case) -> None:
    for arch, training in islice(_partners(case), 1):
        pair = partial(trainer, arch, case.entry, case.settings_for(arch, case.entry))
        resumes(partial(pair, conditional=training.conditional, data=training.data))

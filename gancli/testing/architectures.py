"""The rules of architectures."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice, product
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from gancli.architectures.contract import Architecture
from gancli.architectures.sampling import Sampling
from gancli.architectures.translator import Translator
from gancli.base.errors import GanError
from gancli.base.options import choices_of, describe, own_fields
from gancli.generation.model import TrainedModel
from gancli.generation.pictures import to_uint8
from gancli.plugins.registry import Entry
from gancli.runs.run import Run
from gancli.testing.contract import Broken, Case, Rules
from gancli.testing.training import Size, accepted, folder, pictures, play, refusal, resumes, trainer
from gancli.training.trainer import Trainer

SIZES: tuple[Size, ...] = ((16, 16), (28, 28), (32, 32))
COUNT = 5


def rules(case: Case) -> Rules:
    """Give the rules of an architecture, each as a title and a function that raises Broken."""
    kinds = conditions(case.entry.load())
    yield "makes networks that some loss plays with", partial(_plays_with_some, case)
    for (height, width), channels, conditional in product(SIZES, (1, 3), kinds):
        title = f"{height}x{width}, {channels} channels, {_kind(conditional)}"
        yield title, partial(_builds, case, (height, width), channels, conditional)
    yield "draws and mixes latents", partial(_draws, case)
    if issubclass(case.entry.load(), Translator):
        yield "makes images of images of a class", partial(_translates, case)
    yield "options of sampling are explained and work", partial(_has_options_of_sampling, case)
    for loss in case.partners("loss"):
        yield f"plays with loss {loss.name}", partial(_plays, case, loss)
    yield "every parameter gets a gradient", partial(_moves_everything, case)
    yield "differentiates twice", partial(_differentiates_twice, case)
    yield "samples from a checkpoint", partial(_samples, case)
    yield "resumes exactly", partial(_resumes, case)


def conditions(arch: type[Architecture]) -> tuple[bool, ...]:
    """Return the values of `conditional` that an architecture can be trained with."""
    return {"optional": (False, True), "required": (True,), "impossible": (False,)}[arch.conditioning]


def _kind(conditional: bool) -> str:
    return "conditional" if conditional else "unconditional"


def _pairs(case: Case, conditional: bool | None = None, **more: Any) -> Iterator[tuple[Entry, Trainer]]:
    """Give each loss that plays with the architecture, and a trainer of both."""
    if conditional is None:
        conditional = conditions(case.entry.load())[0]
    for loss in case.partners("loss"):
        training = accepted(case.entry, loss, case.settings_for(case.entry, loss), conditional=conditional, **more)
        if training is not None:
            yield loss, training


def _first(case: Case, **more: Any) -> tuple[Entry, Trainer]:
    for pair in _pairs(case, **more):
        return pair
    loss = case.partners("loss")[0]
    why = refusal(case.entry, loss, case.settings_for(case.entry, loss))
    raise Broken(f"No loss plays with it; {loss.name}: {why}. Name networks G and D, or add a loss of its own.")


def _plays_with_some(case: Case) -> None:
    try:
        _first(case)
    except GanError as error:
        raise Broken(str(error)) from error


def _builds(case: Case, size: Size, channels: int, conditional: bool) -> None:
    for _, training in islice(_pairs(case, conditional, data=pictures(size, channels)), 1):
        images = _generate(training)
        if images.shape != (COUNT, channels, *size):
            raise Broken(f"It generates {tuple(images.shape)}, not {(COUNT, channels, *size)}.")
        if not images.isfinite().all() or images.abs().max() > 1:
            raise Broken("It generates values beyond [-1, 1]. End G with tanh.")


def _generate(training: Trainer) -> Tensor:
    y = _classes(training)
    z = training.gallery.sampler.latents(0, range(COUNT), y)
    with torch.no_grad():
        return training.arch.generate(training.average.networks, z, y, training.arch.sampling())


def _classes(training: Trainer) -> Tensor | None:
    """Classes, int64 (COUNT,), to ask the model for; None for an unconditional one."""
    return torch.arange(COUNT) % 2 if training.conditional else None


def _draws(case: Case) -> None:
    training = _first(case)[1]
    arch, y = training.arch, _classes(training)
    a, b, again = (training.gallery.sampler.latents(seed, range(COUNT), y) for seed in (0, 1, 0))
    if not torch.equal(a, again):
        raise Broken("noise draws other latents with the same generator. Pass the generator to every random function.")
    if torch.equal(a, b):
        raise Broken("noise draws the same latents with another generator. Pass the generator to randn or rand.")
    for t, end in ((0.0, a), (1.0, b)):
        if not torch.allclose(arch.mix(a, b, t), end, atol=1e-4):
            raise Broken(f"mix(a, b, {t:g}) is not {'ab'[int(t)]}.")


def _translates(case: Case) -> None:
    training = _first(case)[1]
    arch, count = Translator.checked(training.arch), len(training.data.classes)
    for asked in range(count) if training.conditional else ():
        origin = arch.origin(asked, count)
        if origin is not None and origin not in range(count):
            raise Broken(f"origin({asked}, {count}) is {origin!r}. Return the number of a class, or None for any.")
    y = _classes(training)
    sampler = training.gallery.sampler
    one, other = (sampler(sampler.latents(seed, range(COUNT), y), y) for seed in (0, 1))
    if (one == other).all():
        raise Broken("It makes the same of other images. Use z in generate.")


def _has_options_of_sampling(case: Case) -> None:
    arch = _first(case)[1].arch
    for name, info in own_fields(arch.sampling):
        if not info.description:
            raise Broken(f"Option sample.{name} has no description. Give its Field(...) one: it is shown by --help.")
    for options in [{}, *_choices(arch.sampling)]:
        try:
            _samples_with(case, arch.sampling(**options))
        except (ValidationError, Broken) as error:
            raise Broken(f"Asked with {options or 'the defaults'}: {error}") from error


def _choices(sampling: type[Sampling]) -> Iterator[dict[str, Any]]:
    """Give every value of every option that has few values, as options."""
    for name, info in own_fields(sampling):
        values = (False, True) if describe(info) == "BOOL" else choices_of(info)
        yield from ({name: value} for value in values)


def _samples_with(case: Case, sampling: Sampling) -> None:
    training = _first(case)[1]
    sampler = replace(training.gallery.sampler, sampling=sampling)
    y = _classes(training)
    z, alone = sampler.latents(0, range(COUNT), y), sampler.latents(0, [COUNT - 1], None if y is None else y[-1:])
    if not torch.equal(z[-1:], alone):
        raise Broken("The latents of an image depend on which others are asked for. Draw by number.")
    if sampler(z, y).shape != (COUNT, *training.data.spec.shape):
        raise Broken(f"It generates {sampler(z, y).shape}, not {(COUNT, *training.data.spec.shape)}.")


def _plays(case: Case, loss: Entry) -> None:
    for conditional in conditions(case.entry.load()):
        training = accepted(case.entry, loss, case.settings_for(case.entry, loss), conditional=conditional)
        if training is not None:
            play(training)


def _moves_everything(case: Case) -> None:
    _first(case)
    lacking: set[str] | None = None
    for _, training in _pairs(case):
        list(training)
        parameters = chain.from_iterable(player.parameters.items() for player in training.players.values())
        without = {name for name, parameter in parameters if parameter.grad is None}
        lacking = without if lacking is None else lacking & without
    if lacking:
        raise Broken(f"{min(lacking)} never gets a gradient. Use it in forward, or make it a buffer.")


def _differentiates_twice(case: Case) -> None:
    loss, training = _first(case)
    x, y = training.game.batch()
    for name in chain.from_iterable(training.loss.judging.values()):
        torch.autograd.backward(training.game.gradient(x, y, name).square().sum())
        for key, parameter in training.networks[name].named_parameters():
            if parameter.grad is not None and not parameter.grad.isfinite().all():
                raise Broken(f"The second derivative of {name}.{key} is not finite (with loss {loss.name}).")


def _samples(case: Case) -> None:
    with folder() as parent:
        _, training = _first(case, folder=parent / "a")
        list(training)
        generator = TrainedModel.load(Run(parent / "a").latest(), "cpu").with_images(training.data)
    y = generator.classes([], COUNT)
    z = generator.latents(0, range(COUNT), y)
    with torch.no_grad():
        expected = to_uint8(training.arch.generate(training.average.networks, z, y, generator.sampling))
    # Batches of another size may round differently, by a level at most.
    if abs(generator(z, y).astype(int) - expected).max() > 1:
        raise Broken("A loaded checkpoint generates other images. Keep all that G needs in parameters and buffers.")


def _resumes(case: Case) -> None:
    loss, training = _first(case)
    pair = partial(trainer, case.entry, loss, case.settings_for(case.entry, loss))
    resumes(partial(pair, conditional=training.conditional, data=training.data))

"""`gan interpolate`: the way from image to image."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import Exit, UsageError
from gancli.base.text import clean, plural
from gancli.commands.click_options import target_of
from gancli.commands.generating import GeneratingCommand, model_of
from gancli.generation.targets import PICTURES

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from gancli.generation.model import TrainedModel

ANIMATIONS = (".gif", ".webp")


@click.command("interpolate", cls=GeneratingCommand)
@click.argument("model", metavar="[RUN|CKPT]", required=False)
@click.option("--seeds", default="1,2,3", show_default=True, help="The images to pass through, by seed.")
@click.option("--frames", type=click.IntRange(2, 100_000), help="Frames in all.  [60; a strip: 12]")
@click.option(
    "--mode", type=click.Choice(["slerp", "lerp"]), help="Along the sphere or straight.  [the architecture's]"
)
@click.option("--class", "classes", metavar="NAME,...", help="One class that stays, or several to morph through.")
@click.option("--loop", is_flag=True, help="Come back to the first image at the end.")
@click.option("--fps", type=click.FloatRange(0.5, 50), default=20, show_default=True, help="Frames a second.")
@click.option("--scale", type=click.IntRange(1, 32), help="Enlarge every pixel.  [so that frames are 128 or more]")
@click.option("--out", default="interpolation.gif", show_default=True, metavar="FILE", help="A .gif, or a .png strip.")
@click.option("--data", "source", metavar="SOURCE", help="What images of images are made of.  [the run's own images]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_context
def command(ctx: click.Context, /, **words: Any) -> int:
    """Walk through the latent space from seed to seed, as an animation (.gif, .webp) or a strip (.png).

    The class stays fixed, or changes along the way: --class 3,8. With a model, --help also lists what can be asked
    of it.
    """
    target = target_of(ctx, (*ANIMATIONS, *PICTURES))
    animated = target.suffix.lower() in ANIMATIONS
    seeds = _seeds(words["seeds"])
    frames = words["frames"] or (60 if animated else 12)
    pixels = walk(model_of(ctx, words["model"]), seeds, frames, words)
    if animated:
        _save_animation(target, pixels, words["scale"], words["fps"])
    else:
        _save_strip(target, pixels, words["scale"])
    click.echo(f"{plural(len(pixels), 'frame')} through seeds {', '.join(map(str, seeds))} in {clean(target)}")
    return Exit.OK


def _save_animation(target: Path, pixels: "np.ndarray", scale: int | None, fps: float) -> None:
    """Write frames, uint8 (N, C, H, W), enlarged by `scale`, or so that they are 128 pixels or more."""
    from gancli.generation import pictures

    scale = scale or max(1, -(-128 // min(pixels.shape[2:])))
    frames = [_enlarged(frame.transpose(1, 2, 0), scale) for frame in pixels]
    pictures.save_animation(target, frames, 1 / fps)


def _save_strip(target: Path, pixels: "np.ndarray", scale: int | None) -> None:
    """Write frames, uint8 (N, C, H, W), side by side, enlarged by `scale`."""
    from gancli.generation import pictures

    pictures.save(target, _enlarged(pictures.grid(pixels, len(pixels)), scale or 1))


def walk(generator: "TrainedModel", seeds: list[int], frames: int, words: dict[str, Any]) -> "np.ndarray":
    """Return the frames, uint8 (N, C, H, W), on the way from the image of one seed to that of the next."""
    import torch

    from gancli.architectures import latents

    y = _classes(generator, words["classes"], frames, loop=words["loop"])
    stops = [generator.latents(seed, [0], None if y is None else y[:1]) for seed in seeds]
    mixes = {"slerp": latents.slerp, "lerp": latents.lerp, None: generator.arch.mix}
    stops = [*stops, stops[0]] if words["loop"] else stops
    # In a loop the last frame would show the first image twice.
    places = list(positions(len(stops), frames + bool(words["loop"])))[:frames]
    z = torch.cat([mixes[words["mode"]](stops[stop], stops[stop + 1], t) for stop, t in places])
    return generator(z, y)


def positions(stops: int, frames: int) -> Iterator[tuple[int, float]]:
    """Give for each frame the number of the stop behind it, and the share in [0, 1] of the way to the next stop.

    The frames are evenly spaced from the first stop to the last.
    """
    for frame in range(frames):
        place = frame * (stops - 1) / (frames - 1)
        stop = min(int(place), stops - 2)
        yield stop, place - stop


def _classes(generator: "TrainedModel", text: str | None, frames: int, *, loop: bool) -> "Tensor | None":
    """Return the class of each frame, int64 (frames,), or for several classes their shares, float (frames, classes)."""
    import torch

    names = generator.split_classes(text)
    if len(names) < 2:
        return generator.classes(names or list(generator.spec.classes[:1]) * generator.conditional, frames)
    numbers = [generator.class_number(name) for name in names]
    if not generator.arch.mixes_classes:
        raise UsageError(f"Architecture {generator.arch.name} cannot morph between classes.", "Give one --class.")
    numbers = [*numbers, numbers[0]] if loop else numbers
    corners = torch.eye(len(generator.spec.classes))[numbers]
    places = list(positions(len(numbers), frames + loop))[:frames]
    return torch.stack([torch.lerp(corners[corner], corners[corner + 1], t) for corner, t in places])


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {clean(text)}: seeds are whole numbers, such as 1,2,3.") from None
    if len(seeds) < 2 or min(seeds) < 0:
        raise UsageError(f"--seeds {clean(text)}: a walk needs two seeds or more, none below 0.", "Such as 1,2,3.")
    return seeds


def _enlarged(pixels: "np.ndarray", scale: int) -> "np.ndarray":
    return pixels.repeat(scale, 0).repeat(scale, 1)

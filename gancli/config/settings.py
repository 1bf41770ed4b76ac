"""The settings of a training as one validated object."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    field_validator,
    model_validator,
)

from gancli.base.options import Chosen, Metavar, Options
from gancli.base.units import duration_text, seconds_of, share_of, share_text
from gancli.compute.device_names import DEVICES
from gancli.data.dataset import Dataset


class Every(BaseModel, frozen=True):
    """A cadence: a number of steps (`500`), a time (`10m`), or a share of the time (`2%`); 0 is never."""

    steps: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0)
    share: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, dict | Every):
            return value
        if re.fullmatch(r"\d+", str(value).strip()):
            return {"steps": int(value)}
        if (share := share_of(str(value))) is not None:
            return {"share": share}
        return {"seconds": seconds_of(value)}

    def __str__(self) -> str:
        if self.share:
            return share_text(self.share)
        return duration_text(self.seconds) if self.seconds else str(self.steps)


def _written(every: Every) -> int | str:
    return str(every) if every.seconds or every.share else every.steps


def _no_share(every: Every) -> Every:
    if every.share:
        raise ValueError("a share of the time is for --eval-every; give steps, or a time such as 10m")
    return every


Duration = Annotated[float, BeforeValidator(seconds_of), Field(gt=0), PlainSerializer(duration_text), Metavar("TIME")]
Cadence = Annotated[Every, AfterValidator(_no_share), PlainSerializer(_written), Metavar("STEPS|TIME")]
Budget = Annotated[Every, PlainSerializer(_written), Metavar("STEPS|TIME|%")]


class Optim(Options):
    """The optimiser of every player, and what is done to its moves."""

    algorithm: Literal["adam", "rmsprop", "sgd"] = Field("adam", description="Optimiser of every player.")
    lr: float = Field(2e-4, gt=0, description="Learning rate.")
    d_lr: float | None = Field(None, gt=0, description="Learning rate of D, where it differs.")
    betas: tuple[float, float] = Field((0.5, 0.999), description="Adam's averaging factors.")
    decay: Literal["none", "linear", "cosine"] = Field("none", description="How the rate falls to zero over the run.")
    horizon: int | None = Field(None, gt=0, description="Images that schedules span; the length of the run if unset.")
    clip: float | None = Field(None, gt=0, description="Largest norm of a move's gradient; a longer one is shortened.")
    r1: float = Field(0.0, ge=0, description="Weight of the squared gradient of D's scores at real images.")
    r1_every: int = Field(16, ge=1, description="Steps from one such penalty to the next, which weighs as much more.")
    ema: int = Field(10_000, ge=0, description="Half-life, in images, of the averaged generator; 0 averages nothing.")

    @field_validator("betas")
    @classmethod
    def _shares(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not all(0 <= beta < 1 for beta in value):
            raise ValueError("both lie from 0 to below 1")
        return value


class Settings(Options):
    """All settings of a training; `arch`, `loss` and `data` are objects of the chosen classes."""

    arch: SerializeAsAny[Chosen]
    loss: SerializeAsAny[Chosen]
    data: SerializeAsAny[Dataset]
    optim: Optim = Optim()
    conditional: bool | None = Field(None, description="Give the class to the networks; default: if they must have it.")
    steps: int | None = Field(None, gt=0, description="Length of the run in steps.")
    epochs: float | None = Field(None, gt=0, description="Length of the run in passes over the images.")
    time: Duration | None = Field(None, description="Length of the run as training time, such as 90s, 10m or 2h.")
    augment: tuple[str, ...] = Field(
        (), description="Augmentations of all that D sees, such as color,translation,cutout."
    )
    batch_size: int = Field(64, gt=1, description="Images in a batch.")
    seed: int = Field(0, ge=0, lt=2**63, description="Seed of weights, noise and the order of the images.")
    device: str = Field("auto", pattern=DEVICES, description="auto, cpu, cuda, cuda:1 or mps.")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="Of the networks; auto: bf16 on CUDA.")
    deterministic: bool = Field(
        False, description="Only kernels that add in the same order every time: slower on CUDA, and exact there."
    )
    checkpoint_every: Cadence = Field(Every(seconds=600), description="Steps or time between checkpoints.")
    sample_every: Cadence = Field(Every(seconds=30), description="Steps or time between grids of samples.")
    eval_every: Budget = Field(Every(share=0.02), description="Steps, time or share of it between evaluations.")
    log_every: Cadence = Field(Every(seconds=1), description="Steps or time between measurements.")
    keep: int = Field(3, ge=2, description="Checkpoints kept; older ones are deleted.")
    rollbacks: int = Field(3, ge=0, description="How often a run that diverges goes back to its last checkpoint.")
    rollback_factor: float = Field(1.0, gt=0, le=1, description="What every return to a checkpoint does to the rate.")
    keep_samples: int = Field(128, ge=2, description="Grids of samples kept: the first, the newest, and some between.")
    log: tuple[str, ...] = Field((), description="Loggers besides metrics.jsonl, such as tensorboard,wandb.")

    def document(self) -> dict[str, Any]:
        """The settings as nested plain values for TOML and JSON, without those that are unset."""
        return self.model_dump(mode="json", exclude_none=True)

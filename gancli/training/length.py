"""How long a training is, by steps, time or epochs, whichever comes first: how much is done, and what is to come."""

from dataclasses import dataclass

from gancli.config.settings import Settings

WARM_UP = 0.05  # share of a time limit after which the images to come are estimated


@dataclass(frozen=True)
class Length:
    """The length that settings give a training on `count` images; step, images and seconds say where it stands."""

    settings: Settings
    count: int

    def share(self, step: int, images: int, seconds: float) -> float | None:
        """The share that is done, in [0, 1]; None where there is no end."""
        settings = self.settings
        done = [seconds / settings.time] if settings.time else []
        done += [step / settings.steps] if settings.steps else []
        done += [images / (settings.epochs * self.count)] if settings.epochs else []
        return min(max(done), 1.0) if done else None

    def horizon(self, step: int, images: int, seconds: float) -> int | None:
        """Images in the whole, judged by those of a step, or by the speed after warm-up; None where too early."""
        settings = self.settings
        if settings.time and seconds <= WARM_UP * settings.time:
            return None
        plans = [round(images * settings.time / seconds)] if settings.time else []
        plans += [settings.steps * images // step] if settings.steps and step else []
        plans += [round(settings.epochs * self.count)] if settings.epochs else []
        return min(plans) if plans else None

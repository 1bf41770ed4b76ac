"""The networks of MyGAN."""

from typing import ClassVar

from torch import Tensor, nn

from gancli import Architecture, ConditionalBatchNorm, Field, Networks, Projection, Spec


class MyGAN(Architecture):
    """Fully connected networks with one hidden layer each, for any size, given the class or not."""

    suggests: ClassVar = {"optim.lr": 5e-4}

    width: int = Field(256, ge=1, description="Hidden units, in G and in D.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D."""
        classes = len(spec.classes) if conditional else 0
        return {"G": Generator(self, spec, classes), "D": Discriminator(self, spec, classes)}


class Generator(nn.Module):
    """Latent to image."""

    def __init__(self, options: MyGAN, spec: Spec, classes: int) -> None:
        super().__init__()
        self.shape = spec.shape
        self.hidden = nn.Linear(options.latent, options.width)
        batch = nn.BatchNorm1d
        self.norm = ConditionalBatchNorm(options.width, classes, batch) if classes else batch(options.width)
        self.image = nn.Linear(options.width, spec.channels * spec.height * spec.width)

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) and classes, if there are any, to images (N, C, H, W) in [-1, 1]."""
        x = self.hidden(z)
        x = self.norm(x) if y is None else self.norm(x, y)
        image: Tensor = self.image(x.relu())
        return image.tanh().unflatten(1, self.shape)


class Discriminator(nn.Module):
    """Image to score."""

    def __init__(self, options: MyGAN, spec: Spec, classes: int) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(pixels, options.width), nn.LeakyReLU(0.2))
        self.score = nn.Linear(options.width, 1)
        self.projection = Projection(options.width, classes) if classes else None

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to raw scores (N,)."""
        features: Tensor = self.features(x)
        score: Tensor = self.score(features).squeeze(1)
        return score if self.projection is None or y is None else score + self.projection(features, y)

"""A game with a second head: the latent ends in a code, and D's network also guesses it (1606.03657)."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from gancli import Architecture, Game, Move, Networks, Sampling, Spec
from gancli.losses.gan import GANLoss


class InfoGAN(Architecture):
    """Latents are [noise | one-hot category | continuous codes in [-1, 1]]."""

    conditioning: ClassVar = "impossible"
    sampling: ClassVar = Sampling

    categories: int = Field(3, ge=2, description="Categories of the discrete code.")
    continuous: int = Field(2, ge=1, description="Continuous codes.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """Two small networks for any size."""
        pixels, codes = spec.channels * spec.height * spec.width, self.categories + self.continuous
        return {"G": Generator(self.latent + codes, spec), "D": Discriminator(pixels, codes)}

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent + categories + continuous)."""
        where = {"generator": generator, "device": generator.device}
        category = one_hot(torch.randint(self.categories, (n,), **where), self.categories)
        return torch.cat([super().noise(n, generator), category, torch.rand(n, self.continuous, **where) * 2 - 1], 1)

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """Noise along the sphere, codes straight."""
        noise = super().mix(a[:, : self.latent], b[:, : self.latent], t)
        return torch.cat([noise, torch.lerp(a, b, t)[:, self.latent :]], 1)


class Generator(nn.Module):
    def __init__(self, inputs: int, spec: Spec) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.layers = nn.Sequential(nn.Linear(inputs, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, pixels))
        self.shape = spec.shape

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        return self.layers(z).tanh().unflatten(1, self.shape)


class Discriminator(nn.Module):
    def __init__(self, pixels: int, codes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 16), nn.LeakyReLU(0.2))
        self.score, self.code = nn.Linear(16, 1), nn.Linear(16, codes)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.score(self.body(x)).squeeze(1)

    def codes(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Guesses of the code, (N, categories + continuous): logits, then means."""
        return self.code(self.body(x))


class InfoGANLoss(GANLoss):
    """The cross-entropy game, in which both players also make the code guessable from the image."""

    weight: float = Field(1.0, ge=0, description="Weight of the mutual information.")

    def step(self, game: Game) -> Iterator[Move]:
        for _ in range(self.n_critic):
            x, y = game.batch()
            z = game.noise(len(x))
            fake = game.G(z, y)
            yield "D", self.d_loss(game.D(x, y), game.D(fake.detach(), y)) + self.surprise(game, z, fake.detach(), y)
        for turn in range(self.g_steps):
            if turn:
                z = game.noise(len(x))
                fake = game.G(z, y)
            yield "G", self.g_loss(game.D(fake, y)) + self.surprise(game, z, fake, y)

    def surprise(self, game: Game, z: Tensor, fake: Tensor, y: Tensor | None) -> Tensor:
        """How badly the code is guessed: minus the bound on the mutual information, weighted."""
        split = game.arch.continuous
        code, guess = z[:, game.arch.latent :], game.D.codes(fake, y)
        discrete = cross_entropy(guess[:, :-split], code[:, :-split])
        surprise = discrete + mse_loss(guess[:, -split:], code[:, -split:])
        game.report(surprise=surprise)
        return self.weight * surprise

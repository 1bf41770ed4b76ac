"""The networks of InfoGAN: those of DCGAN, with codes in G's latent and a head on D that guesses them (1606.03657)."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from gancli import DCGAN, Field, Networks, Spec, dcgan_weights
from gancli_infogan.sampling import Codes


class InfoGAN(DCGAN):
    """Latents are [noise | one-hot category | continuous codes in [-1, 1]]; `D.codes(x, y)` guesses the last two."""

    conditioning: ClassVar = "impossible"
    mixes_classes: ClassVar = False
    sampling: ClassVar = Codes
    # The paper has 62 numbers of noise; the fewer there are, the more is left to the codes. Its batch normalisation in
    # D leads to clearer categories than spectral normalisation does; R1 stays out, as it would have to go through it.
    suggests: ClassVar = {
        "optim.lr": 1e-3,
        "optim.d_lr": 3e-4,
        "optim.betas": (0.5, 0.999),
        "arch.latent": 16,
        "arch.d_norm": "batch",
    }

    categories: int = Field(10, ge=2, le=1000, description="Values of the categorical code.")
    continuous: int = Field(2, ge=1, le=1000, description="Continuous codes.")
    hidden: int = Field(128, ge=1, le=65536, description="Hidden units of the head that guesses the codes.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D; sides must be k·2^n, k in 4..7 for the shorter one."""
        whole = self.model_copy(update={"latent": self.latent + self.categories + self.continuous})
        networks = DCGAN.build(whole, spec, conditional)
        return {**networks, "D": Discriminator(self, networks["D"])}

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """n latents, (n, latent + categories + continuous)."""
        device = generator.device
        category = torch.eye(self.categories, device=device)[
            torch.randint(self.categories, (n,), generator=generator, device=device)
        ]
        continuous = torch.rand(n, self.continuous, generator=generator, device=device) * 2 - 1
        return torch.cat([super().noise(n, generator), category, continuous], 1)

    def parts(self, z: Tensor) -> tuple[Tensor, ...]:
        """Of latents their noise (N, latent), one-hot categories (N, categories), continuous codes (N, continuous)."""
        return torch.split(z, [self.latent, self.categories, self.continuous], 1)

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """Noise along the sphere, codes straight."""
        noise, codes = super().mix(a[:, : self.latent], b[:, : self.latent], t), torch.lerp(a, b, t)[:, self.latent :]
        return torch.cat([noise, codes], 1)


class Discriminator(nn.Module):
    """DCGAN's, and beside its score a head of one hidden layer on the same features."""

    def __init__(self, options: InfoGAN, critic: nn.Module) -> None:
        super().__init__()
        self.critic, self.sizes = critic, [options.categories, options.continuous]
        score = critic.get_submodule("score")
        assert isinstance(score, nn.Linear)
        self.head = nn.Sequential(
            nn.Linear(score.in_features, options.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(options.hidden, sum(self.sizes)),
        )
        self.head.apply(dcgan_weights)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        scores: Tensor = self.critic(x, y)
        return scores

    def codes(self, x: Tensor, y: Tensor | None) -> tuple[Tensor, ...]:
        """Guesses of the codes of images (N, C, H, W): logits (N, categories), and means (N, continuous)."""
        features = self.critic.get_submodule("features")(x).flatten(1)
        # D's own move teaches the head alone: features learned for its sake find marks in images that nobody sees.
        guesses: Tensor = self.head(features if x.requires_grad else features.detach())
        return torch.split(guesses, self.sizes, 1)

"""The networks and settings of the widely copied one-file MNIST scripts, written anew: baselines beside our presets.

    python benchmarks/copied_scripts.py --model wgan-gp --data MNIST_DIR --time 240 --out copied.npz --grid copied.png

gan, cgan, wgan and wgan-gp are multilayer perceptrons at 28 x 28; dcgan runs at 32 x 32 on resized digits, and its
samples are shrunk back.  Their habits are kept, the ones that hurt too: normalisations called with 0.8, which becomes
their epsilon and not, as was meant, their momentum; generator and discriminator never leave training mode, sampling
included.
"""

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import torch
import tutorial_dcgan as tutorial
from torch import nn
from torch.nn import functional as F

DIGITS, SIDE, NOISE, EPS = 10, 28, 100, 0.8
CLIP, PENALTY, CRITIC_STEPS = 0.01, 10.0, 5
CRITICS = ("wgan", "wgan-gp")


def leaky():
    """Return the activation all of them use."""
    return nn.LeakyReLU(0.2, inplace=True)


class Perceptron(nn.Module):
    """The generator of all but dcgan: noise (N, 100), and digits (N,) where it is conditional, to (N, 1, 28, 28)."""

    def __init__(self, conditional):
        super().__init__()
        self.digits = nn.Embedding(DIGITS, DIGITS) if conditional else None
        widths = [NOISE + DIGITS * conditional, 128, 256, 512, 1024]
        layers = [nn.Linear(widths[0], 128), leaky()]
        for inside, outside in pairwise(widths[1:]):
            layers += [nn.Linear(inside, outside), nn.BatchNorm1d(outside, eps=EPS), leaky()]
        self.body = nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))

    def forward(self, noise, digits):
        """Return images in [-1, 1]."""
        return self.body(noise if self.digits is None else torch.cat([self.digits(digits), noise], dim=1))


class Flat(nn.Module):
    """A discriminator of flat images (N, 1, 28, 28), given the digits (N,) too where it is conditional."""

    def __init__(self, conditional, *layers):
        super().__init__()
        self.digits = nn.Embedding(DIGITS, DIGITS) if conditional else None
        self.body = nn.Sequential(*layers)

    def forward(self, images, digits):
        """Return scores (N, 1)."""
        flat = images.flatten(1)
        return self.body(flat if self.digits is None else torch.cat([flat, self.digits(digits)], dim=1))


def flat_discriminator(model):
    """Return the discriminator that goes with a Perceptron."""
    if model == "cgan":
        twice = [layer for _ in range(2) for layer in (nn.Linear(512, 512), nn.Dropout(0.4), leaky())]
        return Flat(True, nn.Linear(784 + DIGITS, 512), leaky(), *twice, nn.Linear(512, 1))
    last = [] if model in CRITICS else [nn.Sigmoid()]
    return Flat(False, nn.Linear(784, 512), leaky(), nn.Linear(512, 256), leaky(), nn.Linear(256, 1), *last)


class Upsampler(nn.Module):
    """The generator of dcgan: noise (N, 100) to (N, 1, 32, 32), by nearest-neighbour doubling and convolutions."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(NOISE, 128 * 8 * 8),
            nn.Unflatten(1, (128, 8, 8)),
            nn.BatchNorm2d(128),
            *(nn.Upsample(scale_factor=2), nn.Conv2d(128, 128, 3, padding=1), nn.BatchNorm2d(128, eps=EPS), leaky()),
            *(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, padding=1), nn.BatchNorm2d(64, eps=EPS), leaky()),
            nn.Conv2d(64, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, noise, _):
        """Return images in [-1, 1]."""
        return self.body(noise)


class Downsampler(nn.Module):
    """The discriminator of dcgan: images (N, 1, 32, 32) to probabilities (N, 1), by convolutions of stride 2."""

    def __init__(self):
        super().__init__()
        layers = []
        for inside, outside in ((1, 16), (16, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(inside, outside, 3, 2, 1), leaky(), nn.Dropout2d(0.25)]
            layers += [nn.BatchNorm2d(outside, eps=EPS)] if inside > 1 else []
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 2 * 2, 1), nn.Sigmoid())

    def forward(self, images, _):
        """Return scores."""
        return self.body(images)


def networks(model):
    """Return the generator and the discriminator of a model."""
    if model == "dcgan":
        return Upsampler().apply(tutorial.init_weights), Downsampler().apply(tutorial.init_weights)
    return Perceptron(model == "cgan"), flat_discriminator(model)


def optimizer(model, net):
    """Return the optimizer of one network of a model."""
    if model == "wgan":
        return torch.optim.RMSprop(net.parameters(), lr=5e-5)
    return torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999))


def slope_penalty(dis, real, fake, digits):
    """Return the mean squared deviation from 1 of the critic's slope on the lines from real to fake images."""
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(dis(between, digits).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def game_step(play, real, digits):
    """Play one batch of gan, dcgan or cgan: first the generator, then the discriminator on the same fakes."""
    blame = F.mse_loss if play.model == "cgan" else F.binary_cross_entropy
    ones, zeros = torch.ones(len(real), 1, device=real.device), torch.zeros(len(real), 1, device=real.device)
    asked = torch.randint(DIGITS, (len(real),), device=real.device)
    fake = play.gen(play.noise(len(real)), asked)
    gen_loss = blame(play.dis(fake, asked), ones)
    descend(play.gen_steps, gen_loss)
    wrong = blame(play.dis(real, digits), ones) + blame(play.dis(fake.detach(), asked), zeros)
    descend(play.dis_steps, wrong / 2)
    return wrong.detach() / 2, gen_loss.detach()


def critic_step(play, real, digits):
    """Play one batch of wgan or wgan-gp: the critic always, the generator after every fifth batch."""
    noise = play.noise(len(real))
    fake = play.gen(noise, digits).detach()
    dis_loss = play.dis(fake, digits).mean() - play.dis(real, digits).mean()
    if play.model == "wgan-gp":
        dis_loss = dis_loss + PENALTY * slope_penalty(play.dis, real, fake, digits)
    descend(play.dis_steps, dis_loss)
    if play.model == "wgan":
        for weight in play.dis.parameters():
            weight.data.clamp_(-CLIP, CLIP)
    play.turn += 1
    if play.turn % CRITIC_STEPS == 0:
        gen_loss = -play.dis(play.gen(noise, digits), digits).mean()
        descend(play.gen_steps, gen_loss)
        play.gen_loss = gen_loss.detach()
    return dis_loss.detach(), play.gen_loss


def descend(steps, loss):
    """Take one step of an optimizer down a loss."""
    steps.zero_grad()
    loss.backward()
    steps.step()


def shrunk(images):
    """Return images at MNIST's own 28 x 28, bilinear and antialiased."""
    return images if images.shape[-1] == SIDE else F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)


def main():
    """Train the chosen model, say how it went, and write the samples (with the digits asked for, for cgan)."""
    parser = tutorial.options(__doc__)
    parser.add_argument("--model", choices=["gan", "dcgan", "cgan", "wgan", "wgan-gp"], required=True)
    chosen = parser.parse_args()
    model, device = chosen.model, chosen.device
    chosen.size = "32" if model == "dcgan" else str(SIDE)
    real, digits = tutorial.prepare(chosen)
    gen, dis = (net.to(device) for net in networks(model))
    play = SimpleNamespace(model=model, gen=gen, dis=dis, turn=0, gen_loss=math.nan)
    play.noise = lambda count: torch.randn(count, NOISE, device=device)
    play.gen_steps, play.dis_steps = optimizer(model, gen), optimizer(model, dis)
    one = critic_step if model in CRITICS else game_step
    tutorial.run(chosen, len(real), lambda pick: one(play, real[pick], digits[pick]), f"copied {model}")

    def asked(start, size):
        return torch.arange(start, start + size, device=device) % DIGITS

    images = tutorial.draw(chosen, gen, lambda start, size: shrunk(gen(play.noise(size), asked(start, size))))
    labels = {"labels": np.arange(len(images)) % DIGITS} if model == "cgan" else {}
    tutorial.write(chosen, images, **labels)


if __name__ == "__main__":
    main()

"""The plain DCGAN loop that tutorials teach, on MNIST or any data of 28, 32 or 64 px: a baseline to measure against.

    python benchmarks/tutorial_dcgan.py --data MNIST_DIR --time 240 --out tutorial.npz --grid tutorial.png
    python benchmarks/tutorial_dcgan.py --data IMAGES.zip --size 32 --time 1200 --out tutorial.npz

Everything is as taught: N(0, 0.02) weights, Adam at 2e-4 with betas (0.5, 0.999), one discriminator step (real and
fake batches apart) and one generator step a batch, no averaging of weights, samples drawn in training mode.
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from gancli.config.config import Config
from gancli.config.layers import resolve

NOISE, WIDTH = 100, 64


def widths(side):
    """Return the channels between image and noise, and the side on which the noise starts: 7 or 4."""
    start = 7 if side % 7 == 0 else 4
    doublings = (side // start).bit_length() - 1
    return [WIDTH * 2**i for i in range(doublings)], start


def generator(channels, side):
    """Return the network from noise (N, 100, 1, 1) to images (N, C, side, side) in [-1, 1]."""
    channel, start = widths(side)
    layers = [nn.ConvTranspose2d(NOISE, channel[-1], start, 1, 0, bias=False)]
    for outside, inside in pairwise(channel):
        norm = [nn.BatchNorm2d(inside), nn.ReLU(True)]
        layers[1:1] = [*norm, nn.ConvTranspose2d(inside, outside, 4, 2, 1, bias=False)]
    last = nn.ConvTranspose2d(channel[0], channels, 4, 2, 1, bias=False)
    return nn.Sequential(*layers, nn.BatchNorm2d(channel[0]), nn.ReLU(True), last, nn.Tanh())


def discriminator(channels, side):
    """Return the network from images (N, C, side, side) to logits (N,)."""
    channel, start = widths(side)
    layers = [nn.Conv2d(channels, channel[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for inside, outside in pairwise(channel):
        layers += [nn.Conv2d(inside, outside, 4, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(channel[-1], 1, start, 1, 0, bias=False), nn.Flatten(0))


def init_weights(layer):
    """Draw convolutions from N(0, 0.02) and the scales of normalisations from N(1, 0.02)."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(layer.weight, 0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, 0.02)
        nn.init.zeros_(layer.bias)


def options(doc):
    """Return the parser of the options that all baselines share."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="what `gan train` takes: a folder of MNIST's files, a .zip, ...")
    parser.add_argument("--size", help="size of the images, where not their own")
    parser.add_argument("--time", type=float, default=240, help="seconds of training, loading not counted (240)")
    parser.add_argument("--cpu", action="store_true", help="count this process's CPU time, not the clock's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--samples", type=int, default=10_000, help="images to draw at the end (10000)")
    parser.add_argument(
        "--train-bn", action=argparse.BooleanOptionalAction, default=True, help="sample in training mode"
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (torch's own choice)")
    parser.add_argument("--out", type=Path, help="npz file for the samples")
    parser.add_argument("--grid", type=Path, help="png file for the first 100 of them")
    return parser


def prepare(chosen):
    """Set threads and seed; return images (N, C, H, W) in [-1, 1] and labels (N,) on the chosen device."""
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    given = {"data.source": chosen.data, **({"data.size": chosen.size} if chosen.size else {})}
    data = resolve([Config("baseline", given)]).settings.data.load()
    images = torch.from_numpy(data.pixels[:])
    return images.float().to(chosen.device) / 127.5 - 1, torch.from_numpy(data.labels).long().to(chosen.device)


def batches(count, chosen, clock):
    """Yield indices of shuffled batches, epoch after epoch, until the seconds from the first batch on are over."""
    end = clock() + chosen.time
    while True:
        for part in torch.randperm(count, device=chosen.device).split(chosen.batch_size):
            if clock() >= end:
                return
            yield part


def run(chosen, count, step, model):
    """Call step(indices) until the time is up, then say how many steps, how fast, and the last losses."""
    clock = time.process_time if chosen.cpu else time.perf_counter
    losses, steps, seen, begun = (float("nan"),) * 2, 0, 0, clock()
    for pick in batches(count, chosen, clock):
        losses = step(pick)
        steps, seen = steps + 1, seen + len(pick)
    losses = [float(loss) for loss in losses]  # waits for the device, so that the clock is read after the work
    spent = clock() - begun
    print(f"{model}: {steps} steps, {seen / count:.2f} epochs in {spent:.1f} s, {seen / spent:.0f} images/s, ", end="")
    print("last losses: D {:.3f}, G {:.3f}".format(*losses))


@torch.no_grad()
def draw(chosen, net, sample):
    """Return uint8 images (samples, C, H, W) from sample(start, size), drawn in batches of the training size."""
    net.train(chosen.train_bn)
    parts = []
    for start in range(0, chosen.samples, chosen.batch_size):
        # Always a whole batch: in training mode the images of a short one would be normalised over few others.
        parts.append(sample(start, chosen.batch_size).mul(127.5).add(127.5).round().clamp(0, 255).byte().cpu())
    return torch.cat(parts)[: chosen.samples].numpy()


def write(chosen, images, **more):
    """Write the samples as npz and their first 100 as a 10 x 10 png, where asked to."""
    if chosen.out:
        np.savez_compressed(chosen.out, images=images, **more)
    if chosen.grid:
        side = images.shape[-1]
        tiles = np.zeros((100, *images.shape[1:]), np.uint8)
        tiles[: len(images)] = images[:100]
        rows = tiles.reshape(10, 10, -1, side, side).transpose(0, 3, 1, 4, 2).reshape(10 * side, 10 * side, -1)
        Image.fromarray(rows.squeeze()).save(chosen.grid)


def main():
    """Train, say how it went, and write the samples."""
    chosen = options(__doc__).parse_args()
    real, _ = prepare(chosen)
    channels, side = real.shape[1], real.shape[-1]
    pair = generator(channels, side), discriminator(channels, side)
    gen, dis = (net.apply(init_weights).to(chosen.device) for net in pair)
    criterion = nn.BCEWithLogitsLoss()
    gen_adam, dis_adam = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (gen, dis))

    def noise(count):
        return torch.randn(count, NOISE, 1, 1, device=chosen.device)

    def step(pick):
        ones, zeros = torch.ones(len(pick), device=chosen.device), torch.zeros(len(pick), device=chosen.device)
        dis_adam.zero_grad()
        real_loss = criterion(dis(real[pick]), ones)
        real_loss.backward()
        fake = gen(noise(len(pick)))
        fake_loss = criterion(dis(fake.detach()), zeros)
        fake_loss.backward()
        dis_adam.step()
        gen_adam.zero_grad()
        gen_loss = criterion(dis(fake), ones)
        gen_loss.backward()
        gen_adam.step()
        return (real_loss + fake_loss).detach(), gen_loss.detach()

    run(chosen, len(real), step, "tutorial dcgan")
    write(chosen, draw(chosen, gen, lambda _, size: gen(noise(size))))


if __name__ == "__main__":
    main()

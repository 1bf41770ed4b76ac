"""Every stream of random numbers that a step may draw from, as tensors that a checkpoint keeps."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

NOISE = 2**31
"""Index of the stream of a run's latents: larger than that of any image.

For no seed is this stream the one that the seed itself gives the global generators."""


def seed_all(seed: int, device: torch.device) -> torch.Generator:
    """Seed every global stream, and return the stream of the run's latents, on the device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return torch.Generator(device).manual_seed(stream(seed, NOISE).initial_seed())


def renewed(seed: int, times: int, device: torch.device) -> torch.Generator:
    """Seed every global stream anew, and return a new stream of latents; both differ for every number of `times`."""
    return seed_all((seed + times * 0x9E3779B97F4A7C15) % 2**63, device)


@contextmanager
def apart(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's streams of the CPU and of a device until the context ends, and then set them back."""
    state = _device_state(device)
    # torch.manual_seed would seed those of every other device too.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        _seed_device(seed, device)
        try:
            yield
        finally:
            _restore_device(state, device)


def capture(device: torch.device, noise: torch.Generator) -> dict[str, Tensor]:
    """The state of every stream, by name, as tensors on the CPU."""
    _, keys, position, has_gauss, gauss = np.random.get_state()
    state = {
        "torch": torch.get_rng_state(),
        "noise": noise.get_state(),
        "python": torch.tensor(random.getstate()[1], dtype=torch.int64),
        "numpy": torch.from_numpy(np.array([*keys, position, has_gauss], dtype=np.int64)),
        "numpy_gauss": torch.tensor(gauss, dtype=torch.float64),
    }
    return state | _device_state(device)


def restore(state: Mapping[str, Tensor], device: torch.device, noise: torch.Generator) -> None:
    """Set every stream to its captured state; those of another device stay as they are."""
    torch.set_rng_state(state["torch"])
    random.setstate((3, tuple(state["python"].tolist()), None))
    *keys, position, has_gauss = state["numpy"].tolist()
    np.random.set_state(("MT19937", np.array(keys, np.uint32), position, has_gauss, state["numpy_gauss"].item()))
    if state["noise"].shape == noise.get_state().shape:
        noise.set_state(state["noise"])
    _restore_device(state, device)


def stream(seed: int, index: int = 0) -> torch.Generator:
    """The random stream of image number `index` under `seed`: the same on every device and in every batch."""
    # The images of neighbouring seeds must not be the same ones, shifted: hence the wide stride.
    return torch.Generator().manual_seed((seed * 0x9E3779B97F4A7C15 + index) % 2**63)


def _device_state(device: torch.device) -> dict[str, Tensor]:
    """The state of the global stream of a device, by the kind of device; empty for the CPU."""
    if device.type == "cuda":
        return {"cuda": torch.cuda.get_rng_state(device)}
    return {"mps": torch.mps.get_rng_state()} if device.type == "mps" else {}


def _restore_device(state: Mapping[str, Tensor], device: torch.device) -> None:
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    if device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


def _seed_device(seed: int, device: torch.device) -> None:
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    if device.type == "mps":
        torch.mps.manual_seed(seed)

"""The device and the number type that a run computes with."""

import platform
import re

import torch

from gancli.base.errors import UsageError
from gancli.base.text import clean, plural
from gancli.compute.device_names import DEVICES


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is CUDA, then MPS, then the CPU. Raises UsageError where it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _mps() else "cpu")
    if not re.fullmatch(DEVICES, name):
        raise UsageError(
            f"There is no device {clean(name)}.", "There are auto, cpu, cuda, cuda:1 and the like, and mps."
        )
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= _cuda_count():
        gpus = _cuda_count()
        raise UsageError(
            f"There is no device {name}: torch finds {gpus or 'no'} NVIDIA GPU{'s' * (gpus != 1)}.",
            "Leave --device out to take what is there.",
        )
    if device.type == "mps" and not _mps():
        raise UsageError("There is no device mps on this machine.", "Leave --device out to take what is there.")
    return device


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The number type the networks compute in; `auto` is bfloat16 on GPUs that have it, else float32."""
    if precision == "bf16":
        return torch.bfloat16
    has_bf16 = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.bfloat16 if precision == "auto" and has_bf16 else torch.float32


def describe(device: torch.device) -> str:
    """The device in words: `NVIDIA H100 (cuda:0)`, or `cpu (x86_64, 8 threads)`."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    return f"{device.type} ({platform.machine()}, {plural(torch.get_num_threads(), 'thread')})"


def _cuda_count() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _mps() -> bool:
    return torch.backends.mps.is_available()

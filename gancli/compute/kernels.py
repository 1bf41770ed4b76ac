"""Which kernels torch computes with."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def fast_kernels() -> Iterator[None]:
    """TF32 matrix products and autotuned convolutions, and the process's own settings afterwards."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.benchmark = before[1]

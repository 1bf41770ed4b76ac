"""Memory: what is free, what is used, and whether it ran out."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch


T = TypeVar("T")
FULL = ("DefaultCPUAllocator", "MPS backend out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""Words of errors that have no type of their own, of allocators and libraries that found no memory."""


class BatchSize:
    """How many things are computed at a time: half as many whenever memory runs out, and never more again."""

    def __init__(self, size: int) -> None:
        self.size = size

    def compute(self, all_in_batches: Callable[[int], T]) -> T:
        """What a function of the size gives; it begins anew with half the size where memory runs out.

        So all that one call gives is of batches of one size. Raises the error where batches of one are too large.
        """
        while True:
            try:
                return all_in_batches(self.size)
            except Exception as error:
                if self.size == 1 or not out_of_memory(error):
                    raise
            # Not in the handler: the error holds on to the tensors of the batch.
            self.size //= 2


def memory_used(device: "torch.device") -> int | None:
    """Bytes of the GPU that tensors hold, or of the machine that this process does; None where nobody says."""
    if device.type == "cuda":
        import torch

        return torch.cuda.memory_allocated(device)
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, of the host or of a device."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(each in str(error) for each in FULL)):
        return True
    torch = sys.modules.get("torch")  # what was never imported raised nothing
    return torch is not None and isinstance(error, torch.OutOfMemoryError)


def free_memory() -> int:
    """Bytes of memory that programs may still take."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return 8 * 2**30

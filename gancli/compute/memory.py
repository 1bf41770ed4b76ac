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
    """How many items are computed at a time: halved whenever memory runs out, and never raised again."""

    def __init__(self, size: int) -> None:
        self.size = size

    def compute(self, all_in_batches: Callable[[int], T]) -> T:
        """The result of a function of the batch size, which is called again with half the size where memory runs out.

        A result is therefore computed in batches of one size. Raises the error where a batch of one is too large.
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
    """Bytes that tensors hold on a GPU, or that this process holds in main memory; None if unknown."""
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
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(text in str(error) for text in FULL)):
        return True
    torch = sys.modules.get("torch")  # what was never imported raised nothing
    return torch is not None and isinstance(error, torch.OutOfMemoryError)


def free_memory() -> int:
    """Bytes of main memory that programs may still take; 8 GiB where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return 8 * 2**30

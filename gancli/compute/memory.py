"""Memory: what is free, what is used, and whether it ran out."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


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
    # The CPU's allocator has no type of its own for it.
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)):
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

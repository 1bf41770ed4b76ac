"""Settings that a process makes before it computes: how long threads spin, and which freed memory is kept."""

import ctypes
import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def share_the_processor() -> None:
    """Keep OpenMP's threads from spinning for long where another process wants the core.

    Has an effect only before torch is loaded. At the end of each parallel region threads wait in a loop for the
    slowest; beside a busy process that wait is most of the time, and a short one costs nothing on a quiet machine
    (benchmarks/threads.py).
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ):
        os.environ["GOMP_SPINCOUNT"] = "10000"


def keep_memory() -> None:
    """Keep the memory that tensors free for the next ones, up to 1 GiB, where the C library is glibc.

    By itself glibc gives large blocks back to the system at once, so that every step faults thousands of pages
    in again: a tenth of a step's CPU time and more (benchmarks/malloc.py).
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if set_option:
        # 32 MiB is the most that glibc takes for a block of its own heap.
        set_option(M_MMAP_THRESHOLD, 32 << 20)
        set_option(M_TRIM_THRESHOLD, 1 << 30)

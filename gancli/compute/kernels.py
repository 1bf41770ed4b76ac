"""The kernels that torch computes with: the fastest ones, or deterministic ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

from gancli.base.errors import GanError
from gancli.base.text import clean

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def chosen_kernels(deterministic: bool) -> Iterator[None]:
    """Use the fastest kernels, or those that add in the same order every time, until the context ends.

    Matrix products use TF32 either way; afterwards the settings are what they were.
    Raises GanError where an operation has no deterministic kernel.
    """
    precision, benchmark = torch.get_float32_matmul_precision(), torch.backends.cudnn.benchmark
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = not deterministic
    try:
        with _determinism() if deterministic else nullcontext():
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.benchmark = benchmark


@contextmanager
def _determinism() -> Iterator[None]:
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    workspace = os.environ.get(WORKSPACE)
    torch.use_deterministic_algorithms(True)
    # cuBLAS shares its workspace between streams unless it is told a size; torch refuses to call it then.
    os.environ.setdefault(WORKSPACE, ":4096:8")
    try:
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        fault = clean(str(error).partition(",")[0])
        raise GanError(f"A step cannot be deterministic: {fault}.", "Train without --deterministic.") from error
    finally:
        torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
        if workspace is None:
            os.environ.pop(WORKSPACE, None)

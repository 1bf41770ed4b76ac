"""What a sampler itself computes on the device, besides its architecture's networks."""

from typing import Any

import torch
from small import trainer
from torch.utils._python_dispatch import TorchDispatchMode

from gancli.architectures.dcgan import DCGAN

# Of these torch has kernels for the CPU, CUDA and MPS; of doubles MPS has none.
EVERYWHERE = {"_to_copy", "add", "arange", "clamp", "detach", "index", "mul", "remainder", "round", "slice"}


class Recorder(TorchDispatchMode):
    """Notes the names of operators and the types of what they give."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.types: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.names.add(func.overloadpacket.__name__)
        self.types |= {result.dtype} if isinstance(result, torch.Tensor) else set()
        return result


def test_a_sampler_uses_only_operators_that_every_device_has(monkeypatch: Any) -> None:
    sampler = trainer().gallery.sampler
    z, y, made = sampler.latents(0, range(70)), torch.zeros(70, dtype=torch.int64), torch.rand(64, 1, 16, 16)
    monkeypatch.setattr(DCGAN, "generate", lambda *_: made)
    with Recorder() as recorder:
        sampler(z, y)
    assert recorder.names <= EVERYWHERE
    assert torch.float64 not in recorder.types

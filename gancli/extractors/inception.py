"""The standard extractor: Inception v3 of 2015 with 2,048 features, as FID was defined on (1706.08500)."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

import torch
from torch import Tensor, nn

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.base.tensor_file import Damaged, NotSafetensors, TensorFile
from gancli.base.text import clean
from gancli.data import cache
from gancli.data.images import Images
from gancli.extractors import pth
from gancli.extractors.contract import Extractor

if TYPE_CHECKING:
    from gancli.base.progress import Progress

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
BYTES = 95_628_359
LAYER = "2048"
ENTRY = "gancli.inception"


class InceptionV3(nn.Module):
    """torch-fidelity's network: uint8 (N, C, H, W) with 1, 3 or 4 channels to features (N, 2048)."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.network = _network(weights)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the features (N, 2048) of uint8 images; gray is repeated as colour, and alpha is left out."""
        colour = pixels.expand(-1, 3, -1, -1) if pixels.shape[1] == 1 else pixels[:, :3]
        features: Tensor = self.network(colour)[0]
        return features


class Inception(Extractor):
    """inception:PATH, or with --download; its figures compare with those of papers at equal n and preparation."""

    def open(self, images: Images, device: torch.device, progress: "Progress") -> nn.Module:
        """Return the network with its weights; raises GanError where those are not on this machine."""
        if images.spec.channels not in {1, 3, 4}:
            raise GanError(f"Inception looks at gray or colour images, not at {images.spec.channels} channels.")
        return InceptionV3(self._weights(progress)).to(device)

    def ready(self, images: Images) -> bool:
        """Whether the weights are on this machine."""
        return bool(self.source) or _converted().exists()

    def _weights(self, progress: "Progress") -> dict[str, Tensor]:
        path = Path(self.source).expanduser() if self.source else _converted()
        if path.suffix == ".safetensors" and path.exists():
            return _read(path)
        if self.source:
            return _published(_bytes(path), clean(path))
        if not self.download:
            raise GanError(
                "The weights of Inception are not here, and nothing is downloaded unasked.",
                f"Add --download (96 MB from {URL}), or give them: --extractor inception:PATH.",
            )
        weights = _published(_fetch(progress), URL)
        path.parent.mkdir(parents=True, exist_ok=True)
        tensor_file.write(path, ENTRY, {"format": 1}, weights)
        return weights


def _converted() -> Path:
    return cache.home() / "extractors" / "inception-2015-12-05.safetensors"


def _network(weights: dict[str, Tensor]) -> nn.Module:
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise GanError(
            "Inception comes with torch-fidelity, which is not installed.", "pip install 'gancli[evaluate]'"
        ) from error

    class PublishedInception(FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *_: Any, **__: Any) -> Any:
            return super().load_state_dict(weights)

    # The constructor unpickles a file: it is given an empty one, and load_state_dict above ignores what it holds.
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    try:
        network: nn.Module = PublishedInception("inception", [LAYER], feature_extractor_weights_path=empty)
    except RuntimeError as error:
        raise GanError("The weights are not those of Inception v3 as FID uses it.", f"They are at {URL}.") from error
    return network


def _read(path: Path) -> dict[str, Tensor]:
    """The weights in a safetensors file, checked against its digests if it has any; raises GanError."""
    try:
        with TensorFile(path) as file:
            return file.whole(ENTRY)[1] if ENTRY in file.metadata else file.tensors(file.table, None)
    except (OSError, NotSafetensors, Damaged) as error:
        raise GanError(f"{clean(path)} is no safetensors file, or a damaged one ({clean(error)}).") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GanError(f"{clean(path)} cannot be read: {error.strerror}.") from error


def _published(raw: bytes, origin: str) -> dict[str, Tensor]:
    """The weights in the published .pth file; raises GanError for any other file."""
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise GanError(
            f"{origin} is not the published file of Inception's weights, and no other .pth is opened.",
            f"Take the one at {URL}, or a .safetensors file.",
        )
    try:
        return pth.tensors(raw)
    except ValueError as error:
        raise GanError(f"{origin} cannot be read ({clean(error)}).") from error


def _fetch(progress: "Progress") -> bytes:
    parts: list[bytes] = []
    try:
        with urlopen(URL, timeout=30) as answer, progress.track("Downloading Inception:", BYTES, "byte") as advance:
            while part := answer.read(1 << 20):
                parts.append(part)
                advance(len(part))
    except (URLError, OSError) as error:
        why = clean(getattr(error, "reason", error))
        raise GanError(
            f"Inception's weights cannot be downloaded ({why}).",
            "Get them elsewhere, and give --extractor inception:PATH.",
        ) from error
    return b"".join(parts)

"""Files as people really have them, and worse: what each is, and what must become of it."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

GOOD = "good"
RNG = np.random.default_rng(0)


def noise(mode: str = "RGB", size: tuple[int, int] = (24, 20)) -> Image.Image:
    """A picture of random pixels in a mode, (width, height)."""
    base = Image.fromarray(RNG.integers(0, 256, (size[1], size[0], 4), dtype=np.uint8))
    return base if mode == "RGBA" else base.convert("RGB").convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file of that format."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def sixteen_bit() -> Image.Image:
    return Image.fromarray(RNG.integers(0, 65536, (20, 24), dtype=np.uint16))


def floats(scale: float = 1.0) -> Image.Image:
    return Image.fromarray((RNG.random((20, 24)) * scale).astype(np.float32))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(noise(), "JPEG", exif=exif)


def flipped(data: bytes, at: float, bits: int = 0xFF) -> bytes:
    """The data with some bytes of it inverted, from a share of its length on."""
    start = int(len(data) * at)
    return data[:start] + bytes(byte ^ bits for byte in data[start : start + 8]) + data[start + 8 :]


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG that says it has so many pixels, in some hundred bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def transparent_palette() -> bytes:
    return saved(noise("P"), "PNG", transparency=3)


PNG, JPEG = saved(noise(), "PNG"), saved(noise(size=(64, 64)), "JPEG")
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"

ZOO: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
    # what people have
    "rgb.png": (PNG, GOOD),
    "UPPER.PNG": (PNG, GOOD),
    "rgba.png": (lambda: saved(noise("RGBA"), "PNG"), GOOD),
    "gray.png": (lambda: saved(noise("L"), "PNG"), GOOD),
    "gray-alpha.png": (lambda: saved(noise("LA"), "PNG"), GOOD),
    "one-bit.png": (lambda: saved(noise("1"), "PNG"), GOOD),
    "palette.png": (lambda: saved(noise("P"), "PNG"), GOOD),
    "palette-transparent.png": (transparent_palette, GOOD),
    "sixteen-bit.png": (lambda: saved(sixteen_bit(), "PNG"), GOOD),
    "sixteen-bit.tiff": (lambda: saved(sixteen_bit(), "TIFF"), GOOD),
    "float.tiff": (lambda: saved(floats(), "TIFF"), GOOD),
    "photo.jpg": (JPEG, GOOD),
    "cmyk.jpg": (lambda: saved(noise("CMYK"), "JPEG"), GOOD),
    "gray.jpeg": (lambda: saved(noise("L"), "JPEG"), GOOD),
    "turned.jpg": (turned, GOOD),
    "progressive.jpg": (lambda: saved(noise(), "JPEG", progressive=True), GOOD),
    "anim.gif": (lambda: saved(noise("P"), "GIF", save_all=True, append_images=[noise("P")]), GOOD),
    "picture.webp": (lambda: saved(noise(), "WEBP"), GOOD),
    "picture.bmp": (lambda: saved(noise(), "BMP"), GOOD),
    "picture.tga": (lambda: saved(noise(), "TGA"), GOOD),
    "picture.ppm": (lambda: saved(noise(), "PPM"), GOOD),
    "picture.ico": (lambda: saved(noise(size=(16, 16)), "ICO"), GOOD),
    "one-pixel.png": (lambda: saved(noise(size=(1, 1)), "PNG"), GOOD),
    "really-a-jpeg.png": (JPEG, GOOD),
    "with rubbish behind.png": (PNG + b"rubbish" * 99, GOOD),
    "umläut-日本.png": (PNG, GOOD),
    "escape\x1b[31m[/]\u202e.png": (PNG, GOOD),
    "new\nline.png": (PNG, GOOD),
    # what cannot be used
    "empty.png": (b"", "empty file"),
    "empty.jpg": (b"", "empty file"),
    "text.png": (b"not an image at all", "no image"),
    "html.jpg": (b"<!DOCTYPE html><title>404</title>", "no image"),
    "zeros.png": (b"\0" * 4096, "no image"),
    "postscript.png": (POSTSCRIPT, "no image"),
    "cut.png": (PNG[: len(PNG) // 2], "damaged"),
    "cut.jpg": (JPEG[: len(JPEG) // 2], "damaged"),
    "cut.bmp": (lambda: saved(noise(), "BMP")[:200], "damaged"),
    "flipped-bits.png": (flipped(PNG, 0.5), "damaged"),
    "flipped-header.png": (flipped(PNG, 0.0), "no image"),
    "bomb.png": (bomb(), "too large"),
    "long.png": (lambda: saved(noise(size=(3000, 2)), "PNG"), "absurd shape"),
    "tall.png": (lambda: saved(noise(size=(1, 900)), "PNG"), "absurd shape"),
    "bright-float.tiff": (lambda: saved(floats(900), "TIFF"), "values beyond 0 to 1: give --range"),
    # what is none
    "._rgb.png": (b"\0\5\x16\7", "hidden"),
    ".hidden.png": (PNG, "hidden"),
    "__MACOSX/rgb.png": (PNG, "hidden"),
    "readme.txt": (b"text", ".txt file"),
    "Thumbs.db": (b"db", ".db file"),
    "checksums": (b"x", "file without suffix"),
}


@cache
def animals() -> tuple[tuple[str, bytes, str], ...]:
    """Name, content and fate of each."""
    return tuple((name, made if isinstance(made, bytes) else made(), fate) for name, (made, fate) in ZOO.items())


def fates() -> dict[str, int]:
    """How many of the files that pass for images have each fate."""
    counts: dict[str, int] = {}
    for _, fate in ZOO.values():
        counts[fate] = counts.get(fate, 0) + 1
    return counts


def fill(folder: Path) -> None:
    """Write the zoo into a folder."""
    for name, data, _ in animals():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

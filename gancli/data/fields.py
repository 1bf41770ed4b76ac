"""The types of the options of datasets, as users write them: sizes, boxes, colours, numbers of bytes."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from gancli.base.moved import keep_old_names
from gancli.base.options import Metavar
from gancli.base.units import parse_bytes


def _parse_size(value: Any) -> Any:
    if isinstance(value, int):
        return value, value
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+)(?:x(\d+))?", value.strip())
        if not match:
            raise ValueError("a size is 64, or HEIGHTxWIDTH such as 48x64")
        return int(match[1]), int(match[2] or match[1])
    return value


def size_text(size: tuple[int, int]) -> str:
    """A size (height, width) as text: `64`, or `48x64`."""
    height, width = size
    return str(height) if height == width else f"{height}x{width}"


def _parse_channels(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _parse_numbers(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _parse_colour(value: Any) -> Any:
    from PIL import ImageColor

    try:
        ImageColor.getrgb(str(value))
    except ValueError:
        raise ValueError("a colour is a name such as white, or #rrggbb") from None
    return value


Side = Annotated[int, Field(ge=4, le=4096)]
Size = Annotated[tuple[Side, Side], BeforeValidator(_parse_size), PlainSerializer(size_text), Metavar("SIZE")]
Channels = Annotated[Literal["auto", 1, 3, 4], BeforeValidator(_parse_channels)]
Fit = Literal["crop", "pad", "stretch"]
Layout = Literal["auto", "NHW", "NHWC", "NCHW", "HWN", "HWCN"]
Corner = Annotated[int, Field(ge=0, le=2**20)]
Length = Annotated[int, Field(ge=1, le=2**20)]
Crop = Annotated[tuple[Corner, Corner, Length, Length], BeforeValidator(_parse_numbers), Metavar("X,Y,W,H")]
Colour = Annotated[str, BeforeValidator(_parse_colour), Metavar("COLOUR")]
Bytes = Annotated[int, BeforeValidator(parse_bytes), Field(ge=0), Metavar("BYTES")]
Range = Annotated[tuple[float, float], BeforeValidator(_parse_numbers), Metavar("LOW,HIGH")]

keep_old_names(globals())

"""The options of every dataset: where images are and how they are prepared."""

from pydantic import Field, field_validator

from gancli.base.options import Chosen
from gancli.data.fields import Bytes, Channels, Colour, Crop, Fit, Range, Size


class DatasetOptions(Chosen):
    """The options of every dataset; a dataset may add its own."""

    source: str = Field("digits", description="What to train on: a path, a dataset's name, or name:path.")
    size: Size | None = Field(None, description="Size of the images, 64 or HEIGHTxWIDTH; default: what the data has.")
    fit: Fit = Field("crop", description="How images of another shape get that size.")
    crop: Crop | None = Field(None, description="Part of each image to take, in its own pixels, before it is fitted.")
    channels: Channels = Field("auto", description="1 gray, 3 colour, 4 colour and alpha.")
    background: Colour = Field("white", description="Colour behind transparent images, and beside padded ones.")
    range: Range | None = Field(None, description="Black and white of 16-bit or float images; default: of their type.")
    flip: bool = Field(False, description="Mirror each image at random in training.")
    classes: tuple[str, ...] = Field((), description="Take only these classes.")
    limit: int | None = Field(None, ge=1, description="Take only so many images, spread over all.")
    strict: bool = Field(False, description="Stop at the first bad file instead of leaving it out.")
    cache_limit: Bytes | None = Field(
        None, description="Most that is kept decoded on disk; what exceeds it streams. Default: half of what is free."
    )
    trust: bool = Field(False, description="Stream what is too large at once, bad files and all: they are met later.")
    workers: int | None = Field(None, ge=0, le=256, description="Processes that decode; default: one a core.")
    download: bool = Field(False, description="Fetch a named dataset that is not there yet.")

    @field_validator("range")
    @classmethod
    def _check_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("black must be lower than white, such as 0,4095")
        return value

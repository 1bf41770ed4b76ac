"""Durations, percentages and numbers of bytes: from text to numbers and back."""

import math
import re
from decimal import Decimal
from typing import Any

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"


def seconds_of(value: Any) -> float:
    """Seconds of a duration such as `90s`, `10m`, `1.5h`, `2d`; raises ValueError."""
    if isinstance(value, int | float):
        return _finite(float(value))
    match = re.fullmatch(rf"({_NUMBER})\s*([smhd]?)", str(value).strip())
    if not match:
        raise ValueError("a duration is a number with a unit, such as 90s, 10m, 2h or 1d")
    return _finite(float(match[1]) * _UNITS[match[2] or "s"])


def duration_text(seconds: float) -> str:
    """A duration that `seconds_of` reads back as the same float, in the largest unit of which it is a whole number."""
    for unit in "dhm":
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{_number_text(seconds / _UNITS[unit])}{unit}"
    return f"{_number_text(seconds)}s"


def share_of(text: str) -> float | None:
    """A percentage such as `2%` as a share in [0, inf); None where the text is not a percentage."""
    match = re.fullmatch(rf"({_NUMBER})\s*%", text.strip())
    return float(Decimal(match[1]) / 100) if match else None


def share_text(share: float) -> str:
    """A share as a percentage, which `share_of` reads back as the same float."""
    return f"{(Decimal(repr(share)) * 100).normalize():f}%"


def _number_text(number: float) -> str:
    """The shortest digits that read back as the same float."""
    return repr(float(number)).removesuffix(".0")


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise ValueError("a duration is a finite number of seconds")
    return seconds


_BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_bytes(value: Any) -> Any:
    """The number of bytes that a text such as `500MB`, `20 GB` or `0` stands for; raises ValueError.

    A value that is not a text is returned as it is."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([KMGT]?B?)", value.strip().upper())
    if not match:
        raise ValueError("a number of bytes is 0, 500MB or 20GB")
    return round(float(match[1]) * _BYTES[match[2] if match[2] in _BYTES else match[2] + "B"])


def bytes_text(count: int) -> str:
    """A number of bytes in decimal units: `153 MB`, `2.1 GB`."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return f"{count} B"


def clock_text(seconds: float | None) -> str:
    """A duration as a clock shows it: `0:25`, `1:02:03` or `2d 03:04`; `-` where it is None or out of range."""
    if seconds is None or not 0 <= seconds < 1e9:
        return "-"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour:02}:{minute:02}"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"

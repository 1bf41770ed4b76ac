"""Text that comes from a file, a dataset, a plugin or a checkpoint, made harmless for a terminal."""

import unicodedata

# Controls (Cc), formats such as right-to-left marks (Cf), lone surrogates (Cs), and line and paragraph separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clean(text: object) -> str:
    """The text on one line, with every character that could steer a terminal replaced by `?`."""
    joined = " ".join(str(text).split())
    return "".join("?" if unicodedata.category(letter) in _HIDDEN else letter for letter in joined)


def plural(count: int, noun: str) -> str:
    """`1 image`, `2 images`, `1,200 images`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def article(noun: str) -> str:
    """The article that goes with a noun: `a` or `an`."""
    return "an" if noun[:1] in "aeiou" else "a"

"""Settings read from TOML, and written as TOML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli
import tomli_w

from gancli.base.errors import GanError
from gancli.base.options import DEFAULT
from gancli.base.text import clean
from gancli.config.config import Config, Resolved


def read_toml(path: Path) -> Config:
    """The layer in a TOML file; raises GanError where it cannot be read."""
    try:
        document = tomli.loads(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise GanError(f"{clean(path)} cannot be read as TOML: {clean(reason)}.") from error
    return Config.nested(path.name, document)


def to_toml(resolved: Resolved) -> str:
    """The merged settings as TOML, each value followed by its origin."""
    document = resolved.settings.document()
    tables = {name: value for name, value in document.items() if isinstance(value, dict)}
    lines = _toml_lines("", {k: v for k, v in document.items() if k not in tables}, resolved.origins)
    for name, table in tables.items():
        lines += ["", f"[{name}]", *_toml_lines(f"{name}.", table, resolved.origins)]
    return "\n".join(lines) + "\n"


def _toml_lines(prefix: str, table: Mapping[str, Any], origins: Mapping[str, str]) -> list[str]:
    lines = [_line(key, value) for key, value in table.items()]
    comments = [clean(origins.get(prefix + key, DEFAULT)) for key in table]
    return [f"{line:<32}  # {origin}" for line, origin in zip(lines, comments, strict=True)]


def _line(key: str, value: Any) -> str:
    """A setting on one line, its key quoted where TOML needs that."""
    # tomli-w quotes keys, but spreads lists over several lines.
    quoted = tomli_w.dumps({key: True}).removesuffix("true\n")
    return f"{quoted}{_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()

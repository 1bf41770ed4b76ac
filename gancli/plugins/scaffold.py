"""New plugin packages: a copy of the template of a kind, with its name replaced."""

import re
from pathlib import Path

from gancli.base.errors import UsageError
from gancli.base.text import clean

TEMPLATES = Path(__file__).parent / "templates"
COMMON = "common"
PREFIX = "gancli-"


def kinds() -> list[str]:
    """The kinds of things that have a template, sorted."""
    return sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir() and folder.name != COMMON)


def write_package(name: str, kind: str, parent: Path) -> Path:
    """Write the package `gancli-NAME` into a new folder and return it; raises UsageError for a bad name or folder."""
    name = name.removeprefix(PREFIX)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(f"'{clean(name)}' cannot be the name of a plugin.", "Take small letters, digits and dashes.")
    folder = parent / f"{PREFIX}{name}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{clean(folder)} is there already.", "Give another name, or another folder: --out.")
    for template in (TEMPLATES / COMMON, TEMPLATES / kind):
        for path in sorted(template.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                module = str(path.relative_to(template)).replace("mygan", name.replace("-", "_"))
                _write(folder / module, _renamed(path.read_text("utf-8"), name))
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _renamed(text: str, name: str) -> str:
    """The text of a template with gancli_mygan, MyGAN and mygan replaced by the forms of another name."""
    camel = "".join(part.capitalize() for part in name.split("-"))
    text = text.replace("gancli_mygan", f"gancli_{name.replace('-', '_')}").replace("MyGAN", camel)
    return text.replace("mygan", name)

"""gancli's public names: one list, complete, documented, and all that anything outside of gancli imports."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from inspect import isclass, isfunction, ismodule
from pathlib import Path

import pytest

import gancli
import gancli.testing

ROOT = Path(__file__).parents[1]
PUBLIC = {"gancli": set(gancli.__all__), "gancli.testing": set(gancli.testing.__all__)}
SCRIPTS = [
    path
    for folder in ("plugins", "examples", "gancli/plugins/templates", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]


def stub_names() -> set[str]:
    """The names in the stub, each of which is imported as itself."""
    tree = ast.parse((ROOT / "gancli" / "__init__.pyi").read_text())
    return {alias.asname or "" for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def beyond(source: str) -> Iterator[str]:
    """What a piece of Python imports of gancli that is not public."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            yield from (name for name in modules if name.startswith("gancli.") and name not in PUBLIC)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "gancli":
            module = node.module or ""
            yield from (f"{module}.{each.name}" for each in node.names if each.name not in PUBLIC.get(module, ()))


def test_the_stub_is_the_list() -> None:
    assert stub_names() == PUBLIC["gancli"] == set(dir(gancli))


@pytest.mark.parametrize("name", sorted(PUBLIC["gancli"]))
def test_every_public_name_is_there_and_explains_itself(name: str) -> None:
    value = getattr(gancli, name)
    if isclass(value) or isfunction(value) or ismodule(value):
        assert (value.__doc__ or "").strip(), f"{name} has no docstring"


def test_importing_the_package_loads_no_torch_and_no_module_of_another_layer() -> None:
    script = "import sys, gancli; print(*(name for name in sys.modules if name.startswith(('torch', 'gancli'))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"gancli", "gancli.base", "gancli.base.moved"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_and_plugins_import_public_names_alone(path: Path) -> None:
    assert not list(beyond(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_import_public_names_alone(path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.S)
    assert not [name for block in blocks for name in beyond(block)]


def test_the_page_on_the_api_lists_each_public_name_once() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    for module, names in PUBLIC.items():
        section = page.partition(f"## `{module}`\n")[2].partition("\n## ")[0]
        listed = re.findall(r"^\| `(\w+)", section, re.M)
        assert sorted(listed) == sorted(names)

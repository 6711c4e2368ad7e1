"""The modules of the project, and what they import, read from their text."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("sweep", "trainables", "analysis")


def modules() -> Iterator[tuple[str, Path]]:
    """Full name and path of every module."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


NAMES = dict(modules())


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(NAMES[name].read_text())


def imported(name: str) -> set[str]:
    """Full names of the modules that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in NAMES else node.module for one in inner}
    return found - {name}


def package_of(name: str) -> str:
    """The package whose face stands before a module: `sweep.store` for `sweep.store.lease`."""
    while name not in NAMES or NAMES[name].name != "__init__.py":
        name = name.rpartition(".")[0]
    return name


@cache
def faces() -> dict[str, dict[str, str]]:
    """The names that each package has from its modules, with the module of each."""
    return {
        name: {
            alias.asname or alias.name: node.module
            for node in tree(name).body
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for name, path in NAMES.items()
        if path.name == "__init__.py"
    }


def sources(name: str) -> set[str]:
    """The modules that a module imports or whose names it has from the face of a package."""
    behind = {
        faces()[node.module].get(alias.name, node.module)
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom) and node.module in faces()
        for alias in node.names
        if f"{node.module}.{alias.name}" not in NAMES
    }
    plain = {alias.name for node in ast.walk(tree(name)) if isinstance(node, ast.Import) for alias in node.names}
    return {one for one in imported(name) if one not in faces()} | plain | behind

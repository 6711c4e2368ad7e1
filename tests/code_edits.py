"""Edits of the code that computes the numbers, or of that which judges them, made in a copy of it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from trainables.identity.components import ROOT

Edit = Callable[[Path], None]


def edited_copy(folder: Path, edit: Edit, package: Path = ROOT) -> Path:
    """A copy of the package in a folder, with that edit."""
    root = folder / package.name
    shutil.copytree(package, root, ignore=shutil.ignore_patterns("__pycache__"))
    edit(root)
    return root


def replace(path: str, old: str, new: str) -> Edit:
    """Replaces every occurrence of the text, of which there must be one, in a file."""

    def edit(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return edit


def rename(old: str, new: str) -> Edit:
    """Renames a definition, wherever it is used."""

    def edit(root: Path) -> None:
        for path in root.rglob("*.py"):
            path.write_text(re.sub(rf"\b{old}\b", new, path.read_text()))

    return edit


def move(old: str, new: str) -> Edit:
    """Moves a module, with the imports that name it."""

    def edit(root: Path) -> None:
        (root / new).parent.mkdir(exist_ok=True)
        (root / old).rename(root / new)
        names = [path.removesuffix(".py").replace("/", ".") for path in (old, new)]
        rename(re.escape(f"trainables.{names[0]}"), f"trainables.{names[1]}")(root)

    return edit


def all_of(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(root: Path) -> None:
        for one in edits:
            one(root)

    return edit


REGISTRY = "architectures/__init__.py"
ADD_AN_ARCHITECTURE = all_of(
    lambda root: shutil.copy(root / "architectures" / "mlp.py", root / "architectures" / "other.py"),
    replace(REGISTRY, '    "mlp": mlp.connect,\n', '    "mlp": mlp.connect,\n    "x": other.connect,\n'),
    replace(REGISTRY, "import mlp,", "import other, mlp,"),
    replace("config.py", 'frozenset({"shortcut"', 'frozenset({"x", "shortcut"'),
    replace("config.py", 'Literal["mlp",', 'Literal["mlp", "x",'),
)

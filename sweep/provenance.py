"""Which code runs: the commit of this project's checkout, its uncommitted changes, and what decides the numbers."""

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainables import device
from trainables.source import code_sha256

NUMERIC = ("keras", "numpy", "scipy", "numba", "npeet_plus")
"""Packages whose version may move a number, besides those of Keras' backend."""

BACKENDS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib")}


def code() -> dict[str, Any]:
    """`code_sha256` of the code that computes the numbers, and the state of the checkout that this package runs from.

    `git_commit`, `git_dirty` and `git_diff_sha256` are None where there is no checkout.
    """
    changes = diff()
    return {
        "code_sha256": code_sha256(),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": bool(changes) if changes is not None else None,
        "git_diff_sha256": hashlib.sha256(changes.encode()).hexdigest() if changes else None,
    }


def diff() -> str | None:
    """The uncommitted changes of the checkout; None where there is none."""
    return _git("diff", "HEAD", "--no-ext-diff", "--no-color")


def current() -> dict[str, Any]:
    """The provenance of a point that would be computed here and now, as far as it can be told without Keras."""
    return code() | {"backend": device.backend(), "packages": device.packages()}


def identity(provenance: Mapping[str, Any]) -> dict[str, str]:
    """What of a provenance decides the numbers: the code, the backend, the versions of the numeric packages.

    Empty for what was computed before this was recorded, and for attempts that ended before Keras was there.
    """
    backend, packages = str(provenance.get("backend", "")), provenance.get("packages")
    if not packages or not provenance.get("code_sha256"):
        return {}
    versions = {name: str(packages.get(name)) for name in (*NUMERIC, *BACKENDS.get(backend, ()))}
    return {"trainables": str(provenance["code_sha256"])[:12], "backend": backend} | versions


def _git(*arguments: str) -> str | None:
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()

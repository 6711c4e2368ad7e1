"""The versions on which a run depends, in one table, so that two machines can be compared."""

import contextlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from sweep import provenance


def versions() -> dict[str, str]:
    """The versions of Python, of this project and of Ray."""
    found = {"python": platform.python_version()}
    for name in ("mi-sweep", "ray"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def code() -> dict[str, str]:
    """The versions, and what decides the numbers: the code in `trainables`, the backend, the numeric packages."""
    return versions() | provenance.identity(provenance.current())


def in_words(found: Mapping[str, str]) -> str:
    """Names and versions in one line."""
    return ", ".join(f"{name} {value}" for name, value in found.items())


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """What both name and differs, in one line as `ray 2.59.0 -> 2.60.0`; empty when nothing does."""
    differing = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    return ", ".join(f"{name} {theirs[name]} -> {ours[name]}" for name in differing)

"""The code that runs: the commit of the checkout, its uncommitted changes, and the parts that decide numbers."""

import contextlib
import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trainables import device, numeric_settings
from trainables.config import TrialConfig
from trainables.identity import code_sha256, components

NUMERIC = ("keras", "numpy", "scipy", "numba")
"""Packages whose version may move a number, besides those of Keras' backend."""

NPEET = "npeet_plus"
"""The package that decides the numbers of points with the estimator of that name alone; it need not be installed."""

BACKENDS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib")}


def code() -> dict[str, Any]:
    """The identity of the code that computes the numbers, and the state of the checkout that this package runs from.

    `components` are the parts of the code that decide numbers, each with its identity; `code_sha256` is a checksum of
    all code. `git_commit`, `git_dirty` and `git_diff_sha256` are None where there is no checkout.
    """
    changes = diff()
    return {
        "code_sha256": code_sha256(),
        "components": dict(components.identities()),
        "settings": numeric_settings.recorded(),
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": bool(changes) if changes is not None else None,
        "git_diff_sha256": hashlib.sha256(changes.encode()).hexdigest() if changes else None,
    }


def diff() -> str | None:
    """The uncommitted changes of the checkout; None where there is none."""
    return _git("diff", "HEAD", "--no-ext-diff", "--no-color")


def current() -> dict[str, Any]:
    """The provenance of a point that would be computed now by this process, as far as it is known without Keras."""
    return code() | {"backend": device.backend(), "packages": device.packages()}


def identity(provenance: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a provenance that decide numbers: components of the code, backend, numeric packages, and settings.

    Code without recorded components is one part, `trainables`, with the checksum of all code. Empty for provenances
    without this record: of old versions, and of attempts that ended before Keras was imported.
    """
    backend, packages = str(provenance.get("backend", "")), provenance.get("packages")
    if not packages or not provenance.get("code_sha256"):
        return {}
    versions = {name: str(packages.get(name)) for name in (*NUMERIC, *BACKENDS.get(backend, ()))}
    versions |= {NPEET: str(packages[NPEET])} if packages.get(NPEET) else {}
    code = components.recorded(provenance) or {"trainables": str(provenance["code_sha256"])[:12]}
    return {**code, "backend": backend} | versions | _settings(provenance)


def _settings(provenance: Mapping[str, Any]) -> dict[str, str]:
    """The variables of the environment that decide numbers; empty for a provenance that does not record them."""
    settings = provenance.get("settings")
    return {} if settings is None else numeric_settings.complete(settings)


def refuse_other_code(driver: Mapping[str, Any], trial: Mapping[str, Any]) -> None:
    """Check that a trial runs the components, under the settings, that its driver was started with.

    A driver without components accepts any.

    Raises:
        OtherCode: when they differ.
    """
    if not driver.get("components"):
        return
    if differing := differences(driver["components"] | _settings(driver), trial["components"] | _settings(trial)):
        raise OtherCode(
            f"the code on {trial['host']} is not that of where the run was started: {differing}; it was changed "
            "meanwhile, or hosts differ; --accept-code-change mixes them"
        )


class OtherCode(Exception):
    """A trial would compute with other code than its driver has."""


def _git(*arguments: str) -> str | None:
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()


def versions() -> dict[str, str]:
    """The versions of Python, of this project and of Ray."""
    result = {"python": platform.python_version()}
    for name in ("mi-sweep", "ray"):
        with contextlib.suppress(PackageNotFoundError):
            result[name] = version(name)
    return result


def code_versions(points: Iterable[TrialConfig] | None = None) -> dict[str, str]:
    """The versions, and the parts that decide the numbers of these points, or of any: see `identity`."""
    parts = versions() | identity(current())
    return parts if points is None else without_unused(parts, points)


def without_unused(parts: Mapping[str, str], points: Iterable[TrialConfig]) -> dict[str, str]:
    """The parts of an identity without the components and packages that none of these points uses."""
    points = list(points)
    unused = components.identities().keys() - {name for point in points for name in components.names(point)}
    if not any(point.measure.estimator == "npeet" for point in points):
        unused |= {NPEET}
    return {name: value for name, value in parts.items() if name not in unused}


def in_words(parts: Mapping[str, str]) -> str:
    """Names and versions in one line."""
    return ", ".join(f"{name} {value}" for name, value in parts.items())


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """The entries of both that differ, in one line as `ray 2.59.0 -> 2.60.0`; empty when none does.

    Different identities of a component that give equal numbers count as equal.
    """
    shared = [name for name in ours if name in theirs]
    differing = [name for name in shared if not components.are_equal(name, theirs[name], ours[name])]
    return ", ".join(f"{name} {theirs[name]} -> {ours[name]}" for name in differing)

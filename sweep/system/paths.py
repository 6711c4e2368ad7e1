"""Paths as users write them, also where no shell has replaced their `~`, and the folder of temporary files."""

import os
from pathlib import Path

from sweep.errors import UsageError


def temporary_folder() -> Path:
    """Where Ray and Tune put their files: RAY_TMPDIR, or TMPDIR, or /tmp."""
    return Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp")


def with_home(path: str | Path) -> Path:
    """The path with the home folder in place of `~` or `~USER`.

    Raises:
        UsageError: when there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{path}: there is no user {Path(path).parts[0][1:]} on this machine",
            next="the same with the whole path, or with ./ before a name that begins with ~",
        ) from None

"""LEAF. Paths as users write them, also where no shell has replaced their `~`: in `--store=~/x`, in a variable."""

from pathlib import Path

from sweep.errors import UsageError


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

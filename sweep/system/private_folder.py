"""A folder of this user in the system's temporary folder, which other users of the host share.

Its name can be known beforehand, so another user may have put a folder, or a link to files of ours, in its place.
Whatever is not ours alone is refused, and no link is followed.
"""

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.system.paths import temporary_folder

OTHERS = stat.S_IRWXG | stat.S_IRWXO
MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotOurs(OSError):
    """What stands at a path is another user's, or may have been changed by one; the message says what is allowed."""


def private_path() -> Path:
    """The path of this user's own folder there; it need not exist."""
    return temporary_folder() / f"sweep-{os.getuid()}"


@contextmanager
def opened_folder(path: Path, *, create: bool = False) -> Iterator[int]:
    """The descriptor of the folder while in the block, for calls with `dir_fd`.

    Raises:
        NotOurs: when it is a link, another user's, or others may write into it.
        OSError: when it is not there and not to be created, or cannot be.
    """
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if os.path.lexists(path):
            raise _not_ours(path) from error
        raise
    try:
        found = os.fstat(folder)
        if found.st_uid != os.getuid() or found.st_mode & MAY_WRITE:
            raise _not_ours(path)
        if found.st_mode & OTHERS:  # as versions before this check made it: others could look, not write
            os.fchmod(folder, 0o700)
        yield folder
    finally:
        os.close(folder)


def opened_file(path: Path, flags: int, *, create: bool = False) -> int:
    """The descriptor of a file in a private folder, which is created if need be.

    Raises:
        NotOurs: when folder or file is a link or another user's.
        OSError: when it cannot be opened.
    """
    with opened_folder(path.parent, create=create) as folder:
        safe = flags & ~os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        file = os.open(path.name, safe, 0o600, dir_fd=folder)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_nlink > 1:
        os.close(file)
        raise NotOurs(f"{path} is {_what(path)}; allowed is a file of {_user(os.getuid())} without other names")
    if flags & os.O_TRUNC:
        os.ftruncate(file, 0)
    return file


def remove(path: Path) -> None:
    """Remove a file of a private folder, if it is there.

    Raises:
        NotOurs: when the folder is a link or another user's.
    """
    with opened_folder(path.parent) as folder, contextlib.suppress(FileNotFoundError):
        os.unlink(path.name, dir_fd=folder)


def _not_ours(path: Path) -> NotOurs:
    return NotOurs(f"{path} is {_what(path)}; allowed is a folder of {_user(os.getuid())} with mode 0700")


def _what(path: Path) -> str:
    """What stands at the path, as in `a folder of root with mode 0777`."""
    found = os.lstat(path)
    kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFREG: "a file"}
    kind = kinds.get(stat.S_IFMT(found.st_mode), "neither file nor folder")
    return f"{kind} of {_user(found.st_uid)} with mode {stat.S_IMODE(found.st_mode):04o}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"

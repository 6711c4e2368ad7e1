"""Where commands write: the option of a folder, and errors of the file system as storage faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sweep.errors import StorageFault, UsageError
from sweep.system.paths import with_home


def not_a_file(path: Path | None) -> Path | None:
    """The path, with the home folder in place of `~`, where a folder is or nothing yet.

    Raises:
        UsageError: when a file is there.
    """
    path = path and with_home(path)
    if path and path.is_file():
        raise UsageError(f"-o {path}: is a file; allowed is a folder", next="the same with a folder")
    return path


OutputFolder = Annotated[Path, typer.Option("-o", "--output", callback=not_a_file, help="Folder to write to.")]


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Raises StorageFault in place of an error of the file system in the block."""
    try:
        yield
    except OSError as error:
        raise StorageFault(f"cannot write to {folder}: {error}", next="choose another place with -o") from error

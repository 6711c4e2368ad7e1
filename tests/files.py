"""The files of a folder, to see whether anything in it was changed."""

from pathlib import Path


def files(root: Path) -> dict[str, bytes]:
    """The content of every file below a folder, by its path there."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

"""LEAF. Files that are written as a whole: a reader sees the old one or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path to write to; after the block its file replaces `path`, and after an error it is deleted."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def put(path: Path, content: bytes) -> Path:
    """Write the file as a whole, in place of an older one; returns its path."""
    with replaced(path) as unfinished:
        unfinished.write_bytes(content)
    return path

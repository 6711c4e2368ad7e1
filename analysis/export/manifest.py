"""The manifest of an export, by which the next one reads only new points. Written last; only a valid one is used.

A file is unchanged if its checksum is; a point in it is unchanged if its objects in the store have not been written
since. Anything else counts as not exported.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.files import replaced

NAME = "export.json"


@dataclass(frozen=True)
class Entry:
    """A point in a file: its number of rows, and the mark of its objects; None where it was not done yet."""

    point_id: str
    rows: int
    mark: str | None


@dataclass(frozen=True)
class File:
    """A file of an export: its checksum, and its points in order."""

    sha256: str | None = None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The files of an export by their path in its folder; `origin` identifies their source and format."""

    origin: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)

    def intact(self, folder: Path, origin: Mapping[str, str]) -> dict[str, File]:
        """The unchanged files, if the manifest is of this origin; else none."""
        if dict(self.origin) != dict(origin):
            return {}
        return {
            path: file for path, file in self.files.items() if file.sha256 and file.sha256 == checksum(folder / path)
        }


def read(folder: Path) -> Manifest:
    """The manifest in a folder; an empty one where there is none that can be read."""
    try:
        data = json.loads((folder / NAME).read_text())
        files = {
            path: File(entry_of_file["sha256"], tuple(Entry(*entry) for entry in entry_of_file["points"]))
            for path, entry_of_file in data["files"].items()
            if not os.path.isabs(path) and ".." not in Path(path).parts
        }
        return Manifest(data["origin"], files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Manifest()


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place of an older one."""
    files = {
        path: {"sha256": file.sha256, "points": [[entry.point_id, entry.rows, entry.mark] for entry in file.entries]}
        for path, file in manifest.files.items()
    }
    with replaced(folder / NAME) as unfinished:
        unfinished.write_text(json.dumps({"origin": dict(manifest.origin), "files": files}))


def checksum(path: Path) -> str | None:
    """The SHA-256 of a file; None where there is none."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None

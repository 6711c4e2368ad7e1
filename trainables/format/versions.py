"""LEAF. Records of other schema versions: older ones are brought up to the present version in memory, newer refused."""

from collections.abc import Callable
from typing import Any

Content = tuple[dict[str, Any], dict[str, bytes]]
"""Of a record: its head, or the fields of one that is JSON, and its parts."""

Migration = Callable[[dict[str, Any], dict[str, bytes]], Content]

MIGRATIONS: dict[tuple[str, int], Migration] = {}
"""By kind of record and version, what makes of its content that of the next version; to raise one is to add them."""


class OtherVersion(Exception):
    """An intact record of a version that this program does not read: another version, no damage."""

    def __init__(self, kind: str, found: int, known: int) -> None:
        self.kind, self.found, self.known = kind, found, known
        super().__init__(f"{kind} of record version {found}; this program reads version {known} and what leads to it")


def upgraded(kind: str, found: int, wanted: int, content: Content) -> Content:
    """The content of a record of the version found, in the form of the version wanted.

    Raises:
        OtherVersion: when it is newer, or no migration leads there.
    """
    if found > wanted:
        raise OtherVersion(kind, found, wanted)
    for version in range(found, wanted):
        if (kind, version) not in MIGRATIONS:
            raise OtherVersion(kind, found, wanted)
        content = MIGRATIONS[kind, version](*content)
    return content

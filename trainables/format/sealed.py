"""Sealed objects: named byte strings and a JSON head under one checksum, so that damage is seen, not loaded.

Layout: one text line `mi-sweep KIND VERSION SHA256`, one JSON line with the head and the parts' sizes, then the parts.
The checksum covers every byte after the first line and, from version 2 on, kind and version, so that an altered version
is damage too. The first line must match exactly. No pickle.
"""

import hashlib
import json
import re
from typing import Any

from trainables.format.versions import Content, upgraded


class DamagedObject(Exception):
    """The bytes are not a whole sealed object of the expected kind."""


def seal(kind: str, version: int, head: dict[str, Any], parts: dict[str, bytes]) -> bytes:
    """The bytes of an object; equal input, equal bytes."""
    parts = dict(sorted(parts.items()))
    sizes = {name: len(part) for name, part in parts.items()}
    line = json.dumps({"head": head, "parts": sizes}, sort_keys=True)
    body = b"".join([line.encode(), b"\n", *parts.values()])
    return _first_line(kind, version, body) + body


def unseal(kind: str, version: int, data: bytes) -> Content:
    """The head and the parts of a sealed object, of an older version in the form of this one.

    Raises:
        DamagedObject: when the object is of another kind, cut short, or altered in any byte.
        OtherVersion: when it is intact, but newer than this version.
    """
    found, content = unseal_as_written(kind, data)
    return upgraded(kind, found, version, content)


def unseal_as_written(kind: str, data: bytes) -> tuple[int, Content]:
    """The version of a sealed object, and its head and parts as that version has them; raises as `unseal`."""
    first, separator, body = data.partition(b"\n")
    said = re.fullmatch(rf"mi-sweep {re.escape(kind)} (\d{{1,9}}) [0-9a-f]{{64}}".encode(), first)
    version = int(said[1]) if said else 0
    if not said or first + separator != _first_line(kind, version, body):
        raise DamagedObject(f"not an intact {kind}: {len(data)} bytes, first line {first[:80]!r}")
    line, _, rest = body.partition(b"\n")
    parts, start = {}, 0
    try:
        parsed = json.loads(line)
        for name, size in parsed["parts"].items():
            parts[name] = rest[start : start + size]
            start += size
        return version, (dict(parsed["head"]), parts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:  # sealed by something else
        raise DamagedObject(f"not a {kind} inside: {error}") from error


def _first_line(kind: str, version: int, body: bytes) -> bytes:
    covered = body if version == 1 else f"{kind} {version}\n".encode() + body
    return f"mi-sweep {kind} {version} {hashlib.sha256(covered).hexdigest()}\n".encode()

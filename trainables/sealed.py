"""LEAF. Sealed objects: named byte strings and a JSON head under one checksum, so that damage is seen, not loaded.

Layout: one text line `mi-sweep KIND VERSION SHA256`, one JSON line with the head and the parts' sizes, then the parts.
The checksum covers every byte after the first line, and the first line must match exactly. No pickle.
"""

import hashlib
import json
from typing import Any


class DamagedObject(Exception):
    """The bytes are not a whole sealed object of the expected kind and version."""


def seal(kind: str, version: int, head: dict[str, Any], parts: dict[str, bytes]) -> bytes:
    """The bytes of an object; equal input, equal bytes."""
    parts = dict(sorted(parts.items()))
    sizes = {name: len(part) for name, part in parts.items()}
    line = json.dumps({"head": head, "parts": sizes}, sort_keys=True)
    body = b"".join([line.encode(), b"\n", *parts.values()])
    return _first_line(kind, version, body) + body


def unseal(kind: str, version: int, data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The head and the parts of a sealed object.

    Raises:
        DamagedObject: when the object is of another kind or version, cut short, or altered in any byte.
    """
    first, separator, body = data.partition(b"\n")
    if not separator or first + separator != _first_line(kind, version, body):
        raise DamagedObject(f"not an intact {kind} of version {version}: {len(data)} bytes, first line {first[:80]!r}")
    line, _, rest = body.partition(b"\n")
    parsed = json.loads(line)
    parts, start = {}, 0
    for name, size in parsed["parts"].items():
        parts[name] = rest[start : start + size]
        start += size
    return parsed["head"], parts


def _first_line(kind: str, version: int, body: bytes) -> bytes:
    return f"mi-sweep {kind} {version} {hashlib.sha256(body).hexdigest()}\n".encode()

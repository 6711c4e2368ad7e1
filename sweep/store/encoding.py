"""Records of the store as bytes with checksums: results sealed, attempts as JSON, specs as YAML, both readable."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sweep.store import layout
from sweep.store.point_state import Attempt, State
from sweep.store.retry_rule import RUN
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal, unseal, unseal_as_written
from trainables.format.versions import upgraded
from trainables.records import RECORD_VERSION, Failure, PointResult

MESSAGE_LENGTH = 200
SEAL = "# sha256 "
"""Begins the first line of a spec that is kept; specs kept before there were checksums lack it."""


LARGEST_JSON = 16_000_000
"""Bytes of an attempt or a lease, at most: the traceback and the log lines of an attempt are the longest."""

WRITTEN_WITH_CHECKSUM = frozenset({"components", RUN})
"""Attempts whose provenance has one of these were written with a checksum; the oldest were without."""


def result_to_bytes(result: PointResult) -> bytes:
    """The result, sealed, with its history as a separate part."""
    head = asdict(result)
    history = head.pop("history_arrow")
    return seal("result", RECORD_VERSION, head, {"history": history})


def result_from_bytes(data: bytes, config: TrialConfig) -> PointResult:
    """The result of this config.

    Raises:
        DamagedObject: when it is not intact, or of another config.
        OtherVersion: when it is of a newer version.
    """
    head, parts = unseal("result", RECORD_VERSION, data)
    try:
        if head["config"] != config.canonical():
            raise DamagedObject(f"a result of another config: {str(head['config'])[:MESSAGE_LENGTH]}")
        result = PointResult(**_sharing(head), history_arrow=parts["history"])
        State(result.outcome)
        return result
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise DamagedObject(f"not a result: {error}") from error


def attempt_to_bytes(attempt: Attempt) -> bytes:
    """The attempt as readable JSON with its checksum."""
    return _attempt_bytes(asdict(attempt))


def _attempt_bytes(fields: dict[str, Any]) -> bytes:
    version = {} if RECORD_VERSION == 1 else {"record_version": RECORD_VERSION}  # version 1 did not write it
    return json_to_bytes(fields | version)


def attempt_from_bytes(data: bytes) -> Attempt:
    """The attempt.

    Raises:
        DamagedObject: when it is not intact.
        OtherVersion: when it is of a newer version.
    """
    version, fields = _attempt_as_written(data)
    fields, _ = upgraded("attempt", version, RECORD_VERSION, (fields, {}))
    try:
        failure = fields.pop("failure")
        log = tuple(fields.pop("log"))
        return Attempt(**_sharing(fields), log=log, failure=Failure(**failure) if failure else None)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedObject(f"not an attempt: {error}") from error


def _attempt_as_written(data: bytes) -> tuple[int, dict[str, Any]]:
    is_checked, fields = json_from_bytes(data)
    try:
        if not is_checked and fields["provenance"].keys() & WRITTEN_WITH_CHECKSUM:
            raise ValueError("its checksum is missing")
        return int(fields.pop("record_version", 1)), fields
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise DamagedObject(f"not an attempt: {error}") from error


def json_to_bytes(fields: dict[str, Any]) -> bytes:
    """The fields as readable JSON with its checksum."""
    return json.dumps(_checked(fields), indent=1, sort_keys=True).encode()


def json_from_bytes(data: bytes) -> tuple[bool, dict[str, Any]]:
    """Whether the JSON has a checksum, which then matches, and its fields without it.

    Raises:
        DamagedObject: when it does not match, or the bytes are not a JSON object of sensible size.
    """
    if len(data) > LARGEST_JSON:
        raise DamagedObject(f"{len(data):,} bytes are too many: allowed are {LARGEST_JSON:,}")
    try:
        fields = json.loads(data)
        if not isinstance(fields, dict):
            raise ValueError("no JSON object")
        said = fields.pop("sha256", None)
        if said is not None and said != _checked(fields)["sha256"]:
            raise ValueError("its checksum differs")
    except (ValueError, RecursionError) as error:
        raise DamagedObject(f"not readable: {error}") from error
    return said is not None, fields


def kind_of(name: str) -> str | None:
    """The kind of record in an object of a point; None for an object that is no record, such as a log."""
    if layout.attempt_number(name):
        return "attempt"
    return "snapshot" if layout.is_snapshot(name) else "result" if name == "result" else None


def in_present_version(kind: str, data: bytes) -> tuple[int, bytes]:
    """The version of a record, and its bytes as this version writes them.

    Raises:
        DamagedObject, OtherVersion: as reading it.
    """
    if kind == "attempt":
        version, fields = _attempt_as_written(data)
        return version, _attempt_bytes(upgraded(kind, version, RECORD_VERSION, (fields, {}))[0])
    version, content = unseal_as_written(kind, data)
    return version, seal(kind, RECORD_VERSION, *upgraded(kind, version, RECORD_VERSION, content))


def spec_to_bytes(text: str) -> bytes:
    """The YAML of a spec, after a line with its checksum."""
    return f"{SEAL}{sha256(text.encode())}\n{text}".encode()


def is_spec(kept: bytes) -> bool:
    """Whether a kept spec matches its checksum; one of a version without checksums does if it looks like a spec."""
    first, _, text = kept.partition(b"\n")
    return first == f"{SEAL}{sha256(text)}".encode() or kept.startswith(b"name:")


def _sharing(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with a shared object for equal provenances: thousands of points of a process have the same one."""
    return fields | {"provenance": _provenance(json.dumps(fields["provenance"]))}


@lru_cache(maxsize=1024)
def _provenance(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"sha256": sha256(json.dumps(fields, sort_keys=True).encode())}


def sha256(data: bytes) -> str:
    """Checksum, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()

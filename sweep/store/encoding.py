"""Records of the store as bytes with checksums: results sealed, attempts as JSON, specs as YAML, both readable."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from sweep.store.point_state import Attempt
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal, unseal, unseal_as_written
from trainables.format.versions import upgraded
from trainables.records import RECORD_VERSION, Failure, PointResult

SEAL = "# sha256 "
"""Begins the first line of a spec that is kept; specs kept before there were checksums lack it."""


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
    if head["config"] != config.canonical():
        raise DamagedObject(f"a result of another config: {head['config']}")
    return PointResult(**_sharing(head), history_arrow=parts["history"])


def attempt_to_bytes(attempt: Attempt) -> bytes:
    """The attempt as readable JSON with its checksum."""
    return _attempt_bytes(asdict(attempt))


def _attempt_bytes(fields: dict[str, Any]) -> bytes:
    version = {} if RECORD_VERSION == 1 else {"record_version": RECORD_VERSION}  # version 1 did not write it
    return json.dumps(_checked(fields | version), indent=1, sort_keys=True).encode()


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
    try:
        fields = json.loads(data)
        if "sha256" in fields and fields != _checked({key: value for key, value in fields.items() if key != "sha256"}):
            raise ValueError("its checksum differs")
        fields.pop("sha256", None)
        return int(fields.pop("record_version", 1)), fields
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise DamagedObject(f"not an attempt: {error}") from error


def kind_of(name: str) -> str | None:
    """The kind of record in an object of a point; None for an object that is no record, such as a log."""
    kind = name.partition("-")[0]
    return kind if kind in ("result", "snapshot", "attempt") else None


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

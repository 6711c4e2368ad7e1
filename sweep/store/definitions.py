"""The definitions of claims that a sweep was started with: fixed before its data, and never written over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sweep.store import encoding
from sweep.store.layout import definitions
from sweep.store.store import Store
from trainables.format.sealed import DamagedObject

Definitions = Mapping[str, Mapping[str, Any]]


def record_definitions(store: Store, sweep: str, held: Definitions, now: datetime) -> None:
    """Keep the definitions that hold at a start of the sweep, behind those of its earlier starts if they differ."""
    starts = recorded_definitions(store, sweep)
    if held and (not starts or starts[-1]["definitions"] != held):
        starts.append({"started": now.isoformat(), "definitions": {name: dict(one) for name, one in held.items()}})
        store.objects.write(definitions(sweep), encoding.json_to_bytes({"starts": starts}))


def recorded_definitions(store: Store, sweep: str) -> list[dict[str, Any]]:
    """Of each start that had others than the one before: its time, and the definitions by claim; none if damaged."""
    try:
        is_checked, fields = encoding.json_from_bytes(store.objects.read(definitions(sweep)) or b"{}")
    except DamagedObject:
        return []
    return list(fields.get("starts", [])) if is_checked else []

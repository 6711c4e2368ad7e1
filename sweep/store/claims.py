"""What a sweep keeps of the claims that it tests: their definitions at its starts, and the decisions of its looks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sweep.store import encoding
from sweep.store.layout import decisions, definitions
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


def record_decisions(store: Store, sweep: str, made: Mapping[str, Any]) -> None:
    """Keep the decisions of a sweep, in place of those of fewer looks."""
    if recorded_decisions(store, sweep) != made:
        store.objects.write(decisions(sweep), encoding.json_to_bytes(dict(made)))


def recorded_decisions(store: Store, sweep: str) -> dict[str, Any] | None:
    """The decisions kept of a sweep; None where there are none, or damaged ones."""
    try:
        is_checked, fields = encoding.json_from_bytes(store.objects.read(decisions(sweep)) or b"{}")
    except DamagedObject:
        return None
    return fields if is_checked else None

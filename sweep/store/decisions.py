"""What a sweep that runs until its claims are decided has decided, look by look."""

from collections.abc import Mapping
from typing import Any

from sweep.store import encoding
from sweep.store.layout import decisions
from sweep.store.store import Store
from trainables.format.sealed import DamagedObject


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

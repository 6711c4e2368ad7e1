"""What was last known of every point, in one object, so that thousands of points are looked at in seconds.

It may be lost, damaged or old at any time. An entry counts only while the mark of the point's objects is what it was;
for every other point the objects are read. Drivers write it; nothing else depends on it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, NamedTuple

from sweep.storage import Objects
from sweep.store import layout
from sweep.store.point_state import Attempt, PointState, State
from trainables.format.sealed import DamagedObject, seal, unseal
from trainables.format.versions import OtherVersion
from trainables.records import Failure, HistorySummary, PointResult

KIND, VERSION = "index", 1


class Entry(NamedTuple):
    """The mark of a point's objects (`Objects.mark`), and its state then, without the values of the epochs."""

    mark: str
    state: PointState


def read_index(objects: Objects) -> dict[str, Entry]:
    """The entries by point id; none where there is no intact index of this version."""
    try:
        _, parts = unseal(KIND, VERSION, objects.read(layout.INDEX) or b"")
        kept = json.loads(parts["entries"])
        provenances = kept["provenances"]
        return {
            point_id: Entry(mark, _state(fields, provenances)) for point_id, (mark, fields) in kept["points"].items()
        }
    except (DamagedObject, OtherVersion, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return {}


def write_index(objects: Objects, entries: Mapping[str, Entry]) -> None:
    """Put these entries in place of the older ones. Raises StorageFault."""
    provenances = _Provenances()
    points = {point_id: [entry.mark, _fields(entry.state, provenances)] for point_id, entry in entries.items()}
    content = json.dumps({"provenances": provenances.all, "points": points}).encode()
    objects.write(layout.INDEX, seal(KIND, VERSION, {}, {"entries": content}))


class _Provenances:
    """Provenances by number: thousands of attempts have the same one, but for the process and what it was given."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}

    def number(self, provenance: dict[str, Any]) -> int:
        text = json.dumps(provenance, sort_keys=True)
        if text not in self._numbers:
            self._numbers[text] = len(self.all)
            self.all.append(provenance)
        return self._numbers[text]


_RESULT = [field.name for field in fields(PointResult) if field.name not in ("config", "provenance", "history_arrow")]


def _fields(state: PointState, provenances: _Provenances) -> list[Any]:
    attempts = [
        [
            *(one.number, one.started, one.host, one.from_epoch, provenances.number(one.provenance), one.ended),
            asdict(one.failure) if one.failure else None,
        ]
        for one in state.attempts
    ]
    result, summary = state.result, state.summary
    of_result = [[getattr(result, name) for name in _RESULT], provenances.number(result.provenance)] if result else None
    return [str(state.state), attempts, of_result, list(asdict(summary).values()) if summary else None]


def _state(kept: list[Any], provenances: list[dict[str, Any]]) -> PointState:
    state, attempts, of_result, summary = kept
    result = None
    if of_result:
        values = dict(zip(_RESULT, of_result[0], strict=True))
        result = PointResult(config="", history_arrow=b"", provenance=provenances[of_result[1]], **values)
    made = tuple(
        Attempt(number, started, host, epoch, provenances[which], (), ended, Failure(**failed) if failed else None)
        for number, started, host, epoch, which, ended, failed in attempts
    )
    return PointState(State(state), None, result, made, HistorySummary(*summary) if summary else None)

"""The state of a point in a store: its attempts, and its newest intact result or history."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from trainables.records import EpochRecord, Failure, HistorySummary, PointResult, history_from_arrow, summarize


class State(StrEnum):
    """The state of a point in a store. After a failure that its run would have tried again it is interrupted."""

    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    MISSING = "missing"

    @property
    def is_done(self) -> bool:
        """Whether the point has its result; a diverged training is one."""
        return self in (State.FINISHED, State.DIVERGED)


@dataclass(frozen=True)
class Attempt:
    """One attempt at a point; numbered from 1, never deleted."""

    number: int
    started: str
    host: str
    from_epoch: int
    provenance: dict[str, Any]
    log: tuple[str, ...] = ()
    ended: str | None = None
    failure: Failure | None = None

    @property
    def times(self) -> dict[str, Any]:
        """When and where it ran, and the kind of failure that ended it, as plain values; None for what is unknown."""
        kind = self.failure.kind if self.failure else None
        where = {"host": self.host, "device": self.provenance.get("device"), "process": self.provenance.get("pid")}
        return {"started": self.started or None, "ended": self.ended, "failure_kind": kind} | where


@dataclass(frozen=True)
class PointState:
    """The state of one point, with its attempts and its newest intact result or history."""

    state: State
    history_arrow: bytes | None = None
    result: PointResult | None = None
    attempts: tuple[Attempt, ...] = ()
    _summary: HistorySummary | None = field(default=None, repr=False, compare=False)

    def brief(self) -> "PointState":
        """The state without the values of the epochs and the logs of attempts, which take most of its memory."""
        result = replace(self.result, config="", history_arrow=b"") if self.result else None
        attempts = tuple(replace(attempt, log=()) for attempt in self.attempts)
        return replace(self, history_arrow=None, result=result, attempts=attempts, _summary=self.summary)

    @property
    def failure(self) -> Failure | None:
        """The failure that ended the point; None unless it is failed."""
        return self.last_failure if self.state is State.FAILED else None

    @property
    def last_failure(self) -> Failure | None:
        """The failure of the last attempt at a point without result, which may still be due to be tried again."""
        return self.attempts[-1].failure if self.attempts and not self.state.is_done else None

    @property
    def provenance(self) -> dict[str, Any]:
        """Where and by what code the point was computed: that of its result, else of its last attempt."""
        if self.result:
            return self.result.provenance
        return self.attempts[-1].provenance if self.attempts else {}

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The committed epochs."""
        return history_from_arrow(self.history_arrow) if self.history_arrow else ()

    @cached_property
    def summary(self) -> HistorySummary | None:
        """The last committed epoch and the durations of the epochs; None when there are none."""
        return summarize(self.history_arrow) if self.history_arrow else self._summary

    @property
    def epochs_done(self) -> int:
        """Epochs trained and committed."""
        return self.summary.last_epoch if self.summary else 0

"""What a store can know of a point: its state, its attempts, and the newest intact objects behind them."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from trainables.records import EpochRecord, Failure, HistorySummary, PointResult, history_from_arrow, summarize


class State(StrEnum):
    """What the store knows of a point."""

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
    """One try at a point: numbered from 1, kept for ever."""

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
        """When and where it ran, and what kind of failure ended it, as plain values; None for what is not known."""
        kind = self.failure.kind if self.failure else None
        where = {"host": self.host, "device": self.provenance.get("device"), "process": self.provenance.get("pid")}
        return {"started": self.started or None, "ended": self.ended, "failure_kind": kind} | where


@dataclass(frozen=True)
class PointState:
    """What the store knows of one point: its state, and the newest intact object behind it."""

    state: State
    history_arrow: bytes | None = None
    result: PointResult | None = None
    attempts: tuple[Attempt, ...] = ()
    _summary: HistorySummary | None = field(default=None, repr=False, compare=False)

    def brief(self) -> "PointState":
        """The same without the values of the epochs, which are most of it: for who keeps many points in memory."""
        result = replace(self.result, config="", history_arrow=b"") if self.result else None
        return replace(self, history_arrow=None, result=result, _summary=self.summary)

    @property
    def failure(self) -> Failure | None:
        """Why the last attempt failed, if it did and no result came after."""
        return self.attempts[-1].failure if self.state is State.FAILED else None

    @property
    def provenance(self) -> dict[str, Any]:
        """Where and with what code the point was computed: as its result says, else as its last attempt does."""
        if self.result:
            return self.result.provenance
        return self.attempts[-1].provenance if self.attempts else {}

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The committed epochs."""
        return history_from_arrow(self.history_arrow) if self.history_arrow else ()

    @cached_property
    def summary(self) -> HistorySummary | None:
        """How far the committed epochs go and what they took; None when there are none."""
        return summarize(self.history_arrow) if self.history_arrow else self._summary

    @property
    def epochs_done(self) -> int:
        """Epochs trained and committed."""
        return self.summary.last_epoch if self.summary else 0

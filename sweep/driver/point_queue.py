"""The queue of points of one run: which execution starts next, and what runs again after a failure. Imports no Ray."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from sweep.cluster.share import Share
from sweep.console import warn
from sweep.driver.supervisor import Supervisor
from sweep.text import counted
from trainables.config import TrialConfig


@dataclass(frozen=True)
class Execution:
    """A point to train, and what it gets of the machine or the cluster."""

    point: TrialConfig
    share: Share


class PointQueue:
    """Hands out executions one at a time; the supervisor decides which failed points run again.

    A point whose process died comes next. Points that failed otherwise come once every point has had its first
    execution, those that need more room last: each of these gets `enlarged` instead of `share`.
    """

    def __init__(
        self, points: Iterable[TrialConfig], share: Share, enlarged: Share, supervisor: Supervisor, console: Console
    ) -> None:
        self._share, self._enlarged, self._supervisor, self._console = share, enlarged, supervisor, console
        self._first = deque(points)
        self._again: deque[tuple[TrialConfig, bool]] = deque()  # with whether it needs more room
        self._failed: list[TrialConfig] = []
        self._not_due: list[TrialConfig] = []
        self._out: dict[str, tuple[TrialConfig, bool]] = {}
        self._launched = 0

    @property
    def is_over(self) -> bool:
        """Whether no point waits, and none is out that might come back."""
        return not (self._first or self._again or self._failed or self._out)

    def take(self) -> Execution | None:
        """The next execution; None if none may start now. Ask again once one has ended, unless the queue is over.

        No more start at a time than the share allows, and no more for the first time than the supervisor's health
        check allows while all of them may be failing alike.
        """
        if not (self._first or self._again):
            self._decide_on_failed()
        if not (self._first or self._again):
            return None
        point, needs_more_room = self._again[0] if self._again else (self._first[0], False)
        share = self._enlarged if needs_more_room or self._supervisor.has_more_room else self._share
        if share.concurrent and len(self._out) >= share.concurrent:
            return None
        if self._again:
            self._again.popleft()
        else:
            if self._out and not self._supervisor.health.may_launch(self._launched):
                return None
            self._first.popleft()
            self._launched += 1
        self._out[point.point_id] = (point, needs_more_room)
        return Execution(point, share)

    def finished(self, point_id: str) -> None:
        """The point has a result."""
        self._out.pop(point_id, None)

    def failed(self, point_id: str) -> None:
        """The execution failed; whether the point runs again is decided once no other point waits."""
        if execution := self._out.pop(point_id, None):
            self._failed.append(execution[0])

    def restart(self, point_id: str, needs_more_room: bool) -> None:
        """The execution died, and the point runs again next."""
        if execution := self._out.pop(point_id, None):
            self._again.appendleft((execution[0], needs_more_room))

    def take_back(self) -> None:
        """All executions were stopped: points that were out come next, with their room; first ones are counted anew."""
        self._again.extendleft(reversed(self._out.values()))
        self._out.clear()
        self._launched = 0

    def _decide_on_failed(self) -> None:
        """Let failed points that are due wait again. Those that are not are asked about once more when nothing is out.

        By then Ray may have said that a node is gone, and a death that came with its node counts otherwise.
        """
        if not self._out:
            self._failed += self._not_due
            self._not_due.clear()
        decided = [(point, self._supervisor.decide(point)) for point in self._failed]
        self._failed.clear()
        self._not_due += [point for point, decision in decided if not decision.is_due]
        for needs_more_room in (False, True):
            due = [
                point for point, decision in decided if decision.is_due and decision.needs_more_room is needs_more_room
            ]
            self._again.extend((point, needs_more_room) for point in due)
            if due:
                more = ", with more room for each" if needs_more_room else ""
                text = f"to run again: {counted(len(due), 'failed point')}{more}"
                warn(text, self._console)

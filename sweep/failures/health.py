"""LEAF. Judges failures across points while a sweep runs: a host that is sick, a sweep that cannot succeed. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

ALIKE = 5
"""So many executions that fail alike, with none that does better, end a sweep; until one does better no more start."""

SICK = 3
"""So many infra failures on one host in a row, of more than one point, while another host does not fail, bar it."""


@dataclass(frozen=True)
class FailedExecution:
    """One execution that failed: of which point, on which host, of which cause, and how far it had come."""

    point: str
    host: str
    kind: str
    cause: str
    epoch: int = 0
    has_reported: bool = False


@dataclass
class Health:
    """What the executions of one run say together. Hosts are any names; `sick` and `hopeless` are its verdicts."""

    sick: set[str] = field(default_factory=set)
    hopeless: FailedExecution | None = None
    _has_succeeded: bool = False
    _has_progressed: bool = False
    _alike: list[FailedExecution] = field(default_factory=list)
    _causes: set[str] = field(default_factory=set)
    _streaks: dict[str, list[str]] = field(default_factory=dict)

    def progressed(self, host: str, epoch: int) -> None:
        """A point was trained up to that epoch there."""
        self._streaks.setdefault(host, [])
        self._has_progressed = self._has_progressed or epoch > 0

    def succeeded(self, host: str) -> None:
        """A point got its result there."""
        self._streaks[host] = []
        self._has_succeeded = True
        self._alike.clear()

    def failed(
        self, blow: FailedExecution, running: Mapping[str, int], hosts: Collection[str], alive: Collection[str]
    ) -> None:
        """An execution failed while others run: `running` has their epochs, `hosts` where; `alive` are all live hosts.

        An infra failure speaks of its host first. It speaks of the sweep only if it came before the first report and
        no other host does better; and none speaks of the sweep while another point is further than those that failed.
        """
        if blow.kind == "infra":
            seen = {*hosts, *self._streaks}.intersection(alive) - {blow.host, *self.sick}
            others = {host for host in seen if not self._streaks.get(host)}
            self._streaks.setdefault(blow.host, []).append(blow.point)
            if others:
                self._judge_host(blow.host)
                return
            if blow.has_reported:
                return
        self._causes.add(blow.cause)
        self._alike = [one for one in self._alike if one.cause == blow.cause] + [blow]
        is_outrun = max(running.values(), default=0) > max(one.epoch for one in self._alike)
        if len(self._alike) >= ALIKE and not self._has_succeeded and not is_outrun:
            self.hopeless = blow

    def may_launch(self, executions: int) -> bool:
        """Whether one more point may start after so many: until one does better, no more than can fail alike."""
        return executions < ALIKE or self._has_progressed or self._has_succeeded or len(self._causes) > 1

    def forget_alike(self) -> None:
        """Start the count of equal failures anew, as something was changed against them."""
        self.hopeless = None
        self._alike.clear()

    def _judge_host(self, host: str) -> None:
        streak = self._streaks[host]
        if host and len(streak) >= SICK and len(set(streak)) > 1:
            self.sick.add(host)

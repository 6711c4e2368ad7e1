"""LEAF. Conclusions from the failures of several points: hosts to bar, and a sweep whose points fail alike. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

ALIKE = 5
"""So many executions that fail of one cause, while none makes progress, end a sweep; until one does, no more start."""

BARRED_AFTER = 3
"""A host is barred after so many infra failures in a row, of more than one point, while another host does not fail."""


@dataclass(frozen=True)
class FailedExecution:
    """One execution that failed: its point, host and cause, and the epoch that it had reached."""

    point: str
    host: str
    kind: str
    cause: str
    epoch: int = 0
    has_reported: bool = False


@dataclass
class Health:
    """Conclusions from the executions of one run. Hosts are any names.

    No trial starts on `barred_hosts`. `failing_alike` is the last of so many equal failures that the sweep ends; else
    None.
    """

    barred_hosts: set[str] = field(default_factory=set)
    failing_alike: FailedExecution | None = None
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
        self, execution: FailedExecution, running: Mapping[str, int], hosts: Collection[str], alive: Collection[str]
    ) -> None:
        """An execution failed while others run: `running` has their epochs, `hosts` their hosts; `alive` all live ones.

        An infra failure counts against its host if another host does not fail. Otherwise it counts against the sweep,
        unless the execution had reported before. No failure ends the sweep while a running point has reached a later
        epoch than those that failed.
        """
        if execution.kind == "infra":
            candidates = {*hosts, *self._streaks}.intersection(alive) - {execution.host, *self.barred_hosts}
            healthy_hosts = {host for host in candidates if not self._streaks.get(host)}
            self._streaks.setdefault(execution.host, []).append(execution.point)
            if healthy_hosts:
                self._bar_if_due(execution.host)
                return
            if execution.has_reported:
                return
        self._causes.add(execution.cause)
        self._alike = [earlier for earlier in self._alike if earlier.cause == execution.cause] + [execution]
        is_outrun = max(running.values(), default=0) > max(earlier.epoch for earlier in self._alike)
        if len(self._alike) >= ALIKE and not self._has_succeeded and not is_outrun:
            self.failing_alike = execution

    def may_launch(self, executions: int) -> bool:
        """Whether another point may start after so many: until one makes progress, no more than `ALIKE` start."""
        return executions < ALIKE or self._has_progressed or self._has_succeeded or len(self._causes) > 1

    def forget_alike(self) -> None:
        """Reset the count of equal failures, after a change that may prevent them."""
        self.failing_alike = None
        self._alike.clear()

    def _bar_if_due(self, host: str) -> None:
        streak = self._streaks[host]
        if host and len(streak) >= BARRED_AFTER and len(set(streak)) > 1:
            self.barred_hosts.add(host)

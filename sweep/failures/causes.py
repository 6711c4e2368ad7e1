"""Failures grouped by cause, with the points, hosts and times of each group. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sweep.failures.kinds import KINDS
from sweep.store import Attempt, PointState, State
from trainables.records import Failure

DIGEST = re.compile(r"[0-9a-f]{8}")
MESSAGE_LENGTH = 1000

_PARTICULAR = (
    (re.compile(r"\b[a-z]+(_[a-z]+)*-w\d+-d\d+-s\d+(-[0-9a-f]{8})?"), "POINT"),
    (re.compile(r"""(?<![\w.])(?:[A-Za-z]:)?(?:/[^\s'"`,;:()\[\]{}<>]+)+"""), "PATH"),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "#"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b"), "#"),
    (re.compile(r"(?<![\w.])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?!\w|\.\d)"), "#"),
    (re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"), "#"),
    (re.compile(r"[-+]?#(?:[\s,xX]+[-+]?#)*"), "#"),
    (re.compile(r"\s+"), " "),
)
"""The parts of a message that differ between points or hosts: ids, paths, numbers, shapes; with their placeholders."""

_FRAME = re.compile(r'File "([^"]+)", line (\d+),? in (\S+)')
_OWN = re.compile(r"(?:^|/)((?:trainables|sweep)/.+\.py)$")
_FIRST_CALL_LAST = "(most recent call first)"


@dataclass(frozen=True)
class Cause:
    """The common cause of failures: equal digests mean the same kind, message and place, whatever the point."""

    kind: str
    digest: str
    message: str
    place: str | None


@dataclass(frozen=True)
class FailureGroup:
    """The points without result whose last attempts failed of one cause, with the hosts and times of its failures.

    is_due: the next run tries them again by itself, as the run that they failed in would have done.
    """

    cause: Cause
    points: tuple[str, ...]
    attempts: int
    hosts: Mapping[str, int]
    first: str
    last: str
    example: tuple[str, Attempt]
    is_due: bool = False


@dataclass(frozen=True)
class RecoveredFailure:
    """Failed attempts with one cause, of points that have their result now."""

    cause: Cause
    attempts: int
    points: tuple[str, ...]


def cause(failure: Failure) -> Cause:
    """The cause of a failure; its message is this failure's own, with all its numbers."""
    text = general(failure.message)
    where = place(failure.traceback)
    inside = where.rpartition(":")[0] + where.rpartition(" in ")[2] if where else ""
    digest = hashlib.sha256("\n".join((failure.kind, text, inside)).encode()).hexdigest()[:8]
    return Cause(failure.kind, digest, failure.message, where)


def general(message: str) -> str:
    """The message with placeholders for what differs between points, hosts and times."""
    text = message[: 4 * MESSAGE_LENGTH]
    for pattern, name in _PARTICULAR:
        text = pattern.sub(name, text)
    return text.strip()[:MESSAGE_LENGTH]


def place(traceback: str) -> str | None:
    """The innermost frame of this project in a traceback, as `trainables/training.py:78 in __iter__`."""
    frames = [
        (own[1], line, function)
        for path, line, function in _FRAME.findall(traceback)
        if (own := _OWN.search(path.replace("\\", "/")))
    ]
    if not frames:
        return None
    path, line, function = frames[0 if _FIRST_CALL_LAST in traceback else -1]
    return f"{path}:{line} in {function}"


def is_asked_for(failure: Failure, retry: Sequence[str]) -> bool:
    """Whether `retry`, the kinds and digests of causes given with --retry, names this failure."""
    return failure.kind in retry or (any(name not in KINDS for name in retry) and cause(failure).digest in retry)


def group(states: Mapping[str, PointState], *, are_due: bool = False) -> list[FailureGroup]:
    """The failed points by cause, the cause of most points first; or those whose failures are due to be tried again."""
    failed: dict[str, list[tuple[str, Attempt]]] = {}
    causes: dict[str, Cause] = {}
    for point_id, state in states.items():
        if state.last_failure is not None and are_due is (state.state is not State.FAILED):
            last_cause = cause(state.last_failure)
            causes.setdefault(last_cause.digest, last_cause)
            failed.setdefault(last_cause.digest, []).append((point_id, state.attempts[-1]))
    groups = [_group(causes[digest], members, states, are_due) for digest, members in failed.items()]
    return sorted(groups, key=lambda item: (-len(item.points), item.first))


def _group(
    shared_cause: Cause, members: Sequence[tuple[str, Attempt]], states: Mapping[str, PointState], is_due: bool
) -> FailureGroup:
    attempts = [
        attempt
        for point_id, _ in members
        for attempt in states[point_id].attempts
        if attempt.failure and cause(attempt.failure).digest == shared_cause.digest
    ]
    moments = sorted(attempt.ended or attempt.started for attempt in attempts)
    return FailureGroup(
        cause=shared_cause,
        points=tuple(point_id for point_id, _ in members),
        attempts=len(attempts),
        hosts=dict(Counter(attempt.host for attempt in attempts).most_common()),
        first=moments[0],
        last=moments[-1],
        example=max(members, key=lambda member: member[1].ended or member[1].started),
        is_due=is_due,
    )


def recovered_failures(states: Mapping[str, PointState]) -> list[RecoveredFailure]:
    """The failed attempts of points that have their result now, by cause."""
    by_cause: dict[str, tuple[Cause, list[str]]] = {}
    for point_id, state in states.items():
        for attempt in state.attempts if state.state.is_done else ():
            if attempt.failure:
                failure_cause = cause(attempt.failure)
                by_cause.setdefault(failure_cause.digest, (failure_cause, []))[1].append(point_id)
    return [
        RecoveredFailure(failure_cause, len(ids), tuple(dict.fromkeys(ids))) for failure_cause, ids in by_cause.values()
    ]


def count_failed(states: Iterable[PointState], kind: str) -> int:
    """How many points failed in that kind."""
    return sum(
        state.state is State.FAILED and state.failure is not None and state.failure.kind == kind for state in states
    )

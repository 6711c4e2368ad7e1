"""Failures grouped by cause: what failed alike, where, when, and which points. Pure."""

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
"""What differs from point to point or from host to host in one and the same message: ids, paths, numbers, shapes."""

_FRAME = re.compile(r'File "([^"]+)", line (\d+),? in (\S+)')
_OWN = re.compile(r"(?:^|/)((?:trainables|sweep)/.+\.py)$")
_FIRST_CALL_LAST = "(most recent call first)"


@dataclass(frozen=True)
class Cause:
    """Why attempts failed alike: equal digests mean the same kind, message and place, whatever the point."""

    kind: str
    digest: str
    message: str
    place: str | None


@dataclass(frozen=True)
class FailureGroup:
    """The failed points whose last attempts have one cause, with where and when it struck."""

    cause: Cause
    points: tuple[str, ...]
    attempts: int
    hosts: Mapping[str, int]
    first: str
    last: str
    example: tuple[str, Attempt]


@dataclass(frozen=True)
class RecoveredFailure:
    """Attempts that failed of one cause, of points that have their result all the same."""

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
    """The message without what is particular to one point, host or moment."""
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
    """Whether these kinds and digests of causes, as given with --retry, name this failure."""
    return failure.kind in retry or (any(name not in KINDS for name in retry) and cause(failure).digest in retry)


def group(known: Mapping[str, PointState]) -> list[FailureGroup]:
    """The failed points by cause, the cause of most points first."""
    failed: dict[str, list[tuple[str, Attempt]]] = {}
    causes: dict[str, Cause] = {}
    for point_id, found in known.items():
        if found.failure is not None:
            last = cause(found.failure)
            causes.setdefault(last.digest, last)
            failed.setdefault(last.digest, []).append((point_id, found.attempts[-1]))
    groups = [_group(causes[digest], members, known) for digest, members in failed.items()]
    return sorted(groups, key=lambda one: (-len(one.points), one.first))


def _group(what: Cause, members: Sequence[tuple[str, Attempt]], known: Mapping[str, PointState]) -> FailureGroup:
    struck = [
        attempt
        for point_id, _ in members
        for attempt in known[point_id].attempts
        if attempt.failure and cause(attempt.failure).digest == what.digest
    ]
    moments = sorted(attempt.ended or attempt.started for attempt in struck)
    return FailureGroup(
        cause=what,
        points=tuple(point_id for point_id, _ in members),
        attempts=len(struck),
        hosts=dict(Counter(attempt.host for attempt in struck).most_common()),
        first=moments[0],
        last=moments[-1],
        example=max(members, key=lambda member: member[1].ended or member[1].started),
    )


def overcome(known: Mapping[str, PointState]) -> list[RecoveredFailure]:
    """What failed once in points that have their result now, by cause."""
    found: dict[str, tuple[Cause, list[str]]] = {}
    for point_id, one in known.items():
        for attempt in one.attempts if one.state.is_done else ():
            if attempt.failure:
                what = cause(attempt.failure)
                found.setdefault(what.digest, (what, []))[1].append(point_id)
    return [RecoveredFailure(what, len(ids), tuple(dict.fromkeys(ids))) for what, ids in found.values()]


def count_failed(known: Iterable[PointState], kind: str) -> int:
    """How many points failed in that kind."""
    return sum(one.state is State.FAILED and one.failure is not None and one.failure.kind == kind for one in known)

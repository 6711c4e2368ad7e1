"""Whether a failure ends a point, or its run would have tried it again: one pure rule, from the point's attempts alone.

A driver asks it after every failure, and the store for the state of a point: so a retry that was due stays due, whoever
died before it began.
"""

from collections.abc import Iterable, Mapping, Sequence

from sweep.store.point_state import Attempt

RETRIES: Mapping[str, int] = {"infra": 3, "resource": 1, "numeric": 0, "code": 0}
"""How often one run retries a point by itself after failures of that kind; `--retry` allows as many once more."""

NODE_LOST = "node lost"
"""The kind under which the death of an execution counts if its node left the cluster; its failure says `infra`."""

HOST_BARRED = "host barred"
"""Why a failure does not count: it happened on a host that fails where others do not."""

RETRIES_NODE_LOST = 10
"""More than for other kinds: spot nodes leave whatever their points do. Limited, as a point may end its nodes."""

RUN, BLAMED_ON = "run", "blamed_on"
"""Entries of an attempt's provenance: the run that it belongs to, and what failed it where that was not the point."""


def retry_is_due(attempts: Sequence[Attempt]) -> bool:
    """Whether the last of these attempts, oldest first, failed, and its run has retries left for that."""
    if not attempts or attempts[-1].failure is None:
        return False
    kinds = counted_kinds(attempts)
    return not kinds or may_retry(kinds)


def counted_kinds(attempts: Sequence[Attempt]) -> list[str]:
    """The kinds of the failures of the last attempt's run, oldest first, without those on hosts that were barred."""
    if not attempts:
        return []
    run = attempts[-1].provenance.get(RUN)
    failed = [one for one in attempts if one.failure and one.provenance.get(RUN) == run]
    return [
        NODE_LOST if (one.failure.kind, one.provenance.get(BLAMED_ON)) == ("infra", NODE_LOST) else one.failure.kind
        for one in failed
        if one.failure and one.provenance.get(BLAMED_ON) != HOST_BARRED
    ]


def may_retry(kinds: Iterable[str]) -> bool:
    """Whether a point with failures of these kinds in one run, oldest first, may be tried again."""
    kinds = list(kinds)
    return bool(kinds) and kinds.count(kinds[-1]) <= retries(kinds[-1])


def retries(kind: str) -> int:
    """`RETRIES` of a kind, or of `NODE_LOST`; none for a kind that this version does not know."""
    return RETRIES_NODE_LOST if kind == NODE_LOST else RETRIES.get(kind, 0)

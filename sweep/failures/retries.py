"""Whether a failed point is retried: one decision, from its attempts in this run and the state of the hosts. Pure.

The driver asks it when an execution starts (how often may its process be restarted?) and when a batch has ended (which
points make the next one?).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sweep.failures.kinds import NODE_LOST, may_retry, retries
from sweep.store import Attempt, PointState
from trainables.config import TrialConfig
from trainables.records import Failure


@dataclass(frozen=True)
class KnownHosts:
    """The barred hosts, and the numbers of the point's attempts that died because their node left."""

    barred_hosts: Collection[str] = ()
    lost_attempts: Collection[int] = ()


@dataclass(frozen=True)
class RetryDecision:
    """What to do with a point.

    is_due: it runs again. needs_more_room: with more of the machine than the run asked for. restarts: how often an
    execution that starts now may be restarted if its process dies.
    """

    is_due: bool
    needs_more_room: bool
    restarts: int


def retry(attempts: Sequence[Attempt], failure: Failure | None, hosts: KnownHosts) -> RetryDecision:
    """Decide on a point with these attempts in this run, oldest first, and the failure that it has now, if any.

    Failures on barred hosts and failures of earlier runs do not count; an attempt that died because its node left
    counts as `NODE_LOST`. Without a failure nothing is due.
    """
    kinds = counted_kinds(attempts, hosts)
    is_of_memory = kinds[-1:] == ["resource"]
    left = min(retries(kind) - kinds.count(kind) for kind in ("infra", NODE_LOST))
    return RetryDecision(
        is_due=failure is not None and (not kinds or may_retry(kinds)),
        needs_more_room=is_of_memory,
        restarts=0 if is_of_memory else max(0, left),
    )


def counted_kinds(attempts: Iterable[Attempt], hosts: KnownHosts) -> list[str]:
    """The kinds of the failures that count, in the order of the attempts."""
    return [
        NODE_LOST if attempt.failure.kind == "infra" and attempt.number in hosts.lost_attempts else attempt.failure.kind
        for attempt in attempts
        if attempt.failure and attempt.provenance.get("ray_node") not in hosts.barred_hosts
    ]


def points_to_retry(
    decided: Iterable[tuple[TrialConfig, PointState, RetryDecision]], is_cut_short: bool
) -> tuple[tuple[TrialConfig, ...], bool]:
    """The points of the next batch, and whether they need more room; those that do come in a later batch.

    Points without a result and without a failure run again only if the driver cut their batch short, so that a run
    cannot go on for ever.
    """
    as_before: list[TrialConfig] = []
    with_more_room: list[TrialConfig] = []
    for point, state, decision in decided:
        is_unfinished = not state.state.is_done and state.failure is None
        if (is_unfinished and is_cut_short) or (decision.is_due and not decision.needs_more_room):
            as_before.append(point)
        elif decision.is_due:
            with_more_room.append(point)
    return (tuple(as_before), False) if as_before else (tuple(with_more_room), True)

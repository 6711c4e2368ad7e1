"""Whether a failed point is retried: one decision, from its attempts in this run and the state of the hosts. Pure.

The driver asks it when a process died, and for points that failed otherwise once no other point waits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sweep.failures.kinds import NODE_LOST, may_retry
from sweep.store import Attempt
from trainables.records import Failure


@dataclass(frozen=True)
class KnownHosts:
    """The barred hosts, and the numbers of the point's attempts that died because their node left."""

    barred_hosts: Collection[str] = ()
    lost_attempts: Collection[int] = ()


@dataclass(frozen=True)
class RetryDecision:
    """What to do with a point.

    is_due: it runs again. needs_more_room: with more of the machine than the run asked for, as it ran out of memory.
    """

    is_due: bool
    needs_more_room: bool


def retry(attempts: Sequence[Attempt], failure: Failure | None, hosts: KnownHosts) -> RetryDecision:
    """Decide on a point with these attempts in this run, oldest first, and the failure that it has now, if any.

    Failures on barred hosts and failures of earlier runs do not count; an attempt that died because its node left
    counts as `NODE_LOST`. Without a failure nothing is due.
    """
    kinds = counted_kinds(attempts, hosts)
    return RetryDecision(
        is_due=failure is not None and (not kinds or may_retry(kinds)), needs_more_room="resource" in kinds
    )


def counted_kinds(attempts: Iterable[Attempt], hosts: KnownHosts) -> list[str]:
    """The kinds of the failures that count, in the order of the attempts."""
    return [
        NODE_LOST if attempt.failure.kind == "infra" and attempt.number in hosts.lost_attempts else attempt.failure.kind
        for attempt in attempts
        if attempt.failure and attempt.provenance.get("ray_node") not in hosts.barred_hosts
    ]

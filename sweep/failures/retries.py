"""What a driver does with a failed point, by the rule of the store. Pure.

The driver asks it when a process died, and for points that failed otherwise once no other point waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sweep.store import Attempt, counted_kinds, retry_is_due


@dataclass(frozen=True)
class RetryDecision:
    """What to do with a point.

    is_due: it runs again. needs_more_room: with more of the machine than the run asked for, as it ran out of memory.
    """

    is_due: bool
    needs_more_room: bool


def retry(attempts: Sequence[Attempt]) -> RetryDecision:
    """Decide on a point with these attempts, oldest first; where the last has not failed nothing is due."""
    return RetryDecision(is_due=retry_is_due(attempts), needs_more_room="resource" in counted_kinds(attempts))

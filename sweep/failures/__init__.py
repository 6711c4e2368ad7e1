"""Failures: their kind, their cause, whether a retry is due, and their description for users. Pure, but for
`oom_kills`, which reads the kernel's count.

Not here: what is done about them (`driver`, `trial`), which import it, as do `planning` and `cli`.
"""

from sweep.failures.causes import DIGEST, FailureGroup, RecoveredFailure, cause, group, is_asked_for, recovered_failures
from sweep.failures.crash_cause import explain, oom_kills
from sweep.failures.health import FailedExecution, Health
from sweep.failures.kinds import KINDS, classify
from sweep.failures.node_losses import NodeLosses
from sweep.failures.report import advice, in_short, recovered_in_words, retry_arguments
from sweep.failures.retries import RetryDecision, retry

__all__ = [
    "DIGEST",
    "KINDS",
    "FailedExecution",
    "FailureGroup",
    "Health",
    "NodeLosses",
    "RecoveredFailure",
    "RetryDecision",
    "advice",
    "cause",
    "classify",
    "explain",
    "group",
    "in_short",
    "is_asked_for",
    "oom_kills",
    "recovered_failures",
    "recovered_in_words",
    "retry",
    "retry_arguments",
]

"""What failed: its kind, its cause, whether trying again may help, and what to say of it. Pure.

Not here: who acts on it (`driver`, `trial`).
"""

from sweep.failures.causes import DIGEST, FailureGroup, RecoveredFailure, cause, group, is_asked_for, overcome
from sweep.failures.crash_cause import explain, oom_kills
from sweep.failures.health import FailedExecution, Health
from sweep.failures.kinds import KINDS, NODE_LOST, RETRIES, classify
from sweep.failures.node_losses import NodeLosses
from sweep.failures.report import advice, in_short, overcome_in_words, retry_words
from sweep.failures.retries import KnownHosts, RetryDecision, points_to_retry, retry

__all__ = [
    "DIGEST",
    "KINDS",
    "NODE_LOST",
    "RETRIES",
    "FailedExecution",
    "FailureGroup",
    "Health",
    "KnownHosts",
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
    "overcome",
    "overcome_in_words",
    "points_to_retry",
    "retry",
    "retry_words",
]

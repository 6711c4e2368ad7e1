"""What failed: its kind, its cause, whether trying again may help, and what to say of it. Pure.

Not here: who acts on it (`driver`, `trial`).
"""

from sweep.failures.causes import DIGEST, Group, RecoveredFailure, cause, group, is_asked_for, overcome
from sweep.failures.crash_cause import explain, oom_kills
from sweep.failures.health import FailedExecution, Health
from sweep.failures.kinds import KINDS, NODE_LOST, RETRIES, classify, retries
from sweep.failures.node_losses import NodeLosses
from sweep.failures.report import advice, in_short, overcome_in_words, retry_words
from sweep.failures.retries import Round, kinds_since, next_round

__all__ = [
    "DIGEST",
    "KINDS",
    "NODE_LOST",
    "RETRIES",
    "FailedExecution",
    "Group",
    "Health",
    "NodeLosses",
    "RecoveredFailure",
    "Round",
    "advice",
    "cause",
    "classify",
    "explain",
    "group",
    "in_short",
    "is_asked_for",
    "kinds_since",
    "next_round",
    "oom_kills",
    "overcome",
    "overcome_in_words",
    "retries",
    "retry_words",
]

"""The truth: what is known of every point and sweep, as whole objects under checksums, and who drives a sweep.

Not here: how objects are kept (`storage`), who computes them (`trial`). Knows neither Ray nor MLflow.
"""

from sweep.store.lease import (
    SILENCE_SECONDS,
    Holder,
    Lease,
    holder,
    is_alive,
    others_last,
    refuse_if_live,
    running_elsewhere,
)
from sweep.store.spec_source import load
from sweep.store.stop_request import StopRequest, request_stop, stop_requested
from sweep.store.store import SNAPSHOTS_KEPT, Attempt, PointState, State, Store, log_tail

__all__ = [
    "SILENCE_SECONDS",
    "SNAPSHOTS_KEPT",
    "Attempt",
    "Holder",
    "Lease",
    "PointState",
    "State",
    "StopRequest",
    "Store",
    "holder",
    "is_alive",
    "load",
    "log_tail",
    "others_last",
    "refuse_if_live",
    "request_stop",
    "running_elsewhere",
    "stop_requested",
]

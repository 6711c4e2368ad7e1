"""The state of every point and sweep, as whole objects under checksums, and the one live driver of a sweep.

Not here: how objects are stored (`storage`), how results are computed (`trial`). Imports neither Ray nor MLflow.
"""

from sweep.store.identity import known_store_id, store_id
from sweep.store.lease import (
    Holder,
    Lease,
    holder,
    is_alive,
    others_last,
    refuse_if_live,
    running,
    running_elsewhere,
)
from sweep.store.migration import Migrated, migrate
from sweep.store.shared_marker import SharedMarker, shared_marker
from sweep.store.spec_source import load
from sweep.store.stop_request import StopRequest, delete_stop_request, request_stop, stop_requested
from sweep.store.store import SNAPSHOTS_KEPT, Attempt, PointState, State, Store

__all__ = [
    "SNAPSHOTS_KEPT",
    "Attempt",
    "Holder",
    "Lease",
    "Migrated",
    "PointState",
    "SharedMarker",
    "State",
    "StopRequest",
    "Store",
    "delete_stop_request",
    "holder",
    "is_alive",
    "known_store_id",
    "load",
    "migrate",
    "others_last",
    "refuse_if_live",
    "request_stop",
    "running",
    "running_elsewhere",
    "shared_marker",
    "stop_requested",
    "store_id",
]

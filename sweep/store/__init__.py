"""The state of every point and sweep, as whole objects under checksums, and the one live driver of a sweep.

Not here: how objects are stored (`storage`), how results are computed (`trial`). Imports neither Ray nor MLflow.
"""

from sweep.store.claims import (
    Definitions,
    record_decisions,
    record_definitions,
    recorded_decisions,
    recorded_definitions,
)
from sweep.store.identity import known_store_id, store_id
from sweep.store.index import Entry
from sweep.store.kept_states import KeptStates, StateUnusable
from sweep.store.lease import (
    Holder,
    Lease,
    holder,
    is_alive,
    is_progress,
    others_last,
    refuse_if_live,
    running,
    running_elsewhere,
)
from sweep.store.migration import Migrated, migrate
from sweep.store.retry_rule import BLAMED_ON, HOST_BARRED, NODE_LOST, RUN, counted_kinds, retry_is_due
from sweep.store.shared_marker import SharedMarker, shared_marker
from sweep.store.spec_source import load
from sweep.store.stop_request import StopRequest, delete_stop_request, request_stop, stop_requested
from sweep.store.store import SNAPSHOTS_KEPT, Attempt, PointState, State, Store

__all__ = [
    "BLAMED_ON",
    "HOST_BARRED",
    "NODE_LOST",
    "RUN",
    "SNAPSHOTS_KEPT",
    "Attempt",
    "Definitions",
    "Entry",
    "Holder",
    "KeptStates",
    "Lease",
    "Migrated",
    "PointState",
    "SharedMarker",
    "State",
    "StateUnusable",
    "StopRequest",
    "Store",
    "counted_kinds",
    "delete_stop_request",
    "holder",
    "is_alive",
    "is_progress",
    "known_store_id",
    "load",
    "migrate",
    "others_last",
    "record_decisions",
    "record_definitions",
    "recorded_decisions",
    "recorded_definitions",
    "refuse_if_live",
    "request_stop",
    "retry_is_due",
    "running",
    "running_elsewhere",
    "shared_marker",
    "stop_requested",
    "store_id",
]

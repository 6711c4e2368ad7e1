"""How far a sweep is: the numbers (`status`) and their live display (`live_view`).

Imported by `driver` and `cli`. Not here: how the progress comes into the store (`store.lease`).
"""

from sweep.progress.live_view import LiveView, line, pace
from sweep.progress.status import DriverState, Progress, Status, Watch

__all__ = [
    "DriverState",
    "LiveView",
    "Progress",
    "Status",
    "Watch",
    "line",
    "pace",
]

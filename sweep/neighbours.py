"""Other sweeps of the same store: points that they are running are left to them for as long as there is other work."""

from collections.abc import Sequence

from sweep.lease import LOOK_SECONDS, Holder, holder, is_alive
from sweep.store import Store
from trainables.config import TrialConfig


def running_elsewhere(store: Store, sweep: str, points: Sequence[TrialConfig]) -> dict[str, tuple[str, Holder]]:
    """Which of the points the live drivers of other sweeps are running: the sweep and its driver, by point."""
    wanted = {point.point_id for point in points}
    found: dict[str, tuple[str, Holder]] = {}
    for other in store.sweeps():
        seen = None if other == sweep else holder(store, other)
        shared = wanted & set(seen.work.get("running", ())) if seen else set()
        if seen and shared and is_alive(store, other, seen, LOOK_SECONDS):
            found |= dict.fromkeys(shared, (other, seen))
    return found


def others_last(points: Sequence[TrialConfig], elsewhere: dict[str, tuple[str, Holder]]) -> tuple[TrialConfig, ...]:
    """The points in their order, but those that others are running at the end: by then they may be finished."""
    return tuple(sorted(points, key=lambda point: point.point_id in elsewhere))

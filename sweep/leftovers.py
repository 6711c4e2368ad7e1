"""What Tune keeps of trials that are over, made small: it keeps each until its run ends, and thousands may come."""

from typing import Any


class Leftovers:
    """Trials that have ended and still hold what nothing asks for again: every metric's history, state as JSON.

    The store is the state of a sweep; Tune's own is never read.
    """

    def __init__(self) -> None:
        self._over: list[Any] = []
        self._room: Any = None

    def add(self, trial: Any) -> None:
        """Note that the trial is over; Tune may be at work on it until its step has ended."""
        self._over.append(trial)

    def drop(self) -> None:
        """Empty the trials that are over; to be called between two steps."""
        for trial in self._over:
            kept = trial.run_metadata
            kept.metric_analysis, kept.metric_n_steps, kept.last_result = {}, {}, {}
            kept._cached_json = trial._state_json = "{}"
            if self._room != trial.placement_group_factory:
                self._room = trial.placement_group_factory
            trial.placement_group_factory = self._room  # each had its own, all equal
        self._over.clear()

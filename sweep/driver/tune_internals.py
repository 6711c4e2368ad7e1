"""The private parts of Ray Tune that a driver uses; `tests/sweep/driver/test_tune_internals.py` names each.

`cluster.ray_internals` has those of Ray, and the one of Tune that decides what its log holds.
"""

from contextlib import suppress
from typing import Any

from ray import tune

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported

from ray.tune.experiment import Trial  # isort: skip
from ray.tune.schedulers import FIFOScheduler  # isort: skip


def actor_of(trial: Any) -> Any:
    """The actor of a trial that runs."""
    return trial.temporary_state.ray_actor


def error_of(trial: Any) -> str:
    """Ray's message on the last death of a trial's process; empty if there is none."""
    with suppress(Exception):
        return str(trial.get_error() or "")
    return ""


class EndedTrials:
    """Frees the memory of ended trials: the history of every metric, and their state as JSON.

    The store holds the state of a sweep; Tune's own state is never read.
    """

    def __init__(self) -> None:
        self._over: list[Any] = []
        self._room: Any = None

    def add(self, trial: Any) -> None:
        """Note that the trial is over; Tune may use it until the end of its step."""
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


class Reuse(FIFOScheduler):
    """Trials in their order, as Tune's FIFO, but a trial whose process is being started keeps that process.

    FIFO gives a free process to the first waiting trial, and ends the process that is being started for it. Where
    points end faster than a process starts, no new process would ever get its first point, neither on a node that
    joins nor in place of a process that needs a restart.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The first pending trial for which no process is being started; if there is none, the first pending trial."""
        controller = tune_controller._tune_controller  # what it wraps; it tells schedulers nothing of processes
        started = set(controller._actor_manager.live_actors)
        first = None
        for trial in controller.get_trials():
            if trial.status == Trial.PENDING:
                if controller._trial_to_actor.get(trial) not in started:
                    return trial
                first = first or trial
        return first


def retire(trial: Any) -> None:
    """Make Tune end the process of a trial that has just completed, instead of giving it the next point.

    Tune reuses a process only for trials with the same resource request; no other trial has this one.
    """
    trial.placement_group_factory = tune.PlacementGroupFactory([{"CPU": 1}], name="needs restart")

"""Which point a process gets that is done with its last one: the first that no other process is being started for."""

from typing import Any

import sweep.cluster  # noqa: F401 sets what Ray reads when it is imported

from ray.tune.experiment import Trial  # isort: skip
from ray.tune.schedulers import FIFOScheduler  # isort: skip


class Reuse(FIFOScheduler):
    """Trials in their order, as Tune's own FIFO, but for those whose process is being started: that is let be.

    FIFO gives a process that is free to the first trial that waits, and ends the one that is being started for it.
    Where points end faster than a process starts, anywhere in the cluster, none would ever come to its first point:
    not on a node that joins, nor in place of a worn process.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """The first pending trial without a process on its way; where each has one, the first."""
        controller = tune_controller._tune_controller  # what it wraps; it tells schedulers nothing of processes
        started = set(controller._actor_manager.live_actors)
        first = None
        for trial in controller.get_trials():
            if trial.status == Trial.PENDING:
                if controller._trial_to_actor.get(trial) not in started:
                    return trial
                first = first or trial
        return first

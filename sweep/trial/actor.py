"""The Ray actor of trials: a `Worker` as Tune starts, steps, reuses and stops it."""

from typing import Any

import ray
from ray import tune

from sweep.cluster.driver_data import DriverData
from sweep.cluster.preflight import check_here
from sweep.trial.attempt import TrialSettings
from sweep.trial.worker import Worker
from trainables.config import TrialConfig


class PointTrial(tune.Trainable):
    """Trains one point after another in the same process; each ends with a result or a failure in the store.

    Errors of the training are caught and stored, so Ray only ever sees the death of a process. The last report of a
    point says whether the process needs a restart, so that the driver gives it no other.
    """

    def setup(self, config: dict[str, Any], driver_data: DriverData | None = None) -> None:
        datasets = driver_data.unpacked() if driver_data else {}
        timing = TrialSettings.from_json(config["trial_settings"]).timing
        self._worker = Worker(ray.get_runtime_context().get_node_id(), datasets, timing, check_here)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        point = TrialConfig.model_validate_json(new_config["point"])
        self._worker.begin(point, TrialSettings.from_json(new_config["trial_settings"]))
        return True

    def step(self) -> dict[str, Any]:
        return self._worker.step()

    def cleanup(self) -> None:
        """Called when the sweep is stopped: what was trained is committed before the process goes."""
        self._worker.stop()

"""Trials of Tune that are over hold next to nothing, and Tune can still ask them for their state."""

import inspect
import json
from pathlib import Path

import pytest

from sweep.cluster.settings import QUIET
from sweep.driver.tune_internals import EndedTrials, actor_of, error_of

import ray  # isort: skip
from ray.air.execution._internal import RayActorManager  # isort: skip
from ray.tune import PlacementGroupFactory  # isort: skip
from ray.tune.execution.tune_controller import TrialRunnerWrapper, TuneController  # isort: skip
from ray.tune.experiment import Trial  # isort: skip

RAY = Path(ray.__file__).parent


def ended(epochs: int) -> Trial:
    trial = Trial("PointTrial", config={"point": "{}"}, stub=True)
    for epoch in range(epochs):
        trial.update_last_result({"epoch": epoch, "committed": epoch, "training_iteration": epoch + 1})
    return trial


def size(trial: Trial) -> int:
    return sum(map(len, trial.get_json_state()))


def test_what_tune_keeps_of_a_trial_that_is_over_is_dropped() -> None:
    trial, ended_trials = ended(epochs=3), EndedTrials()
    assert trial.metric_analysis["epoch"]["max"] == 2
    before = size(ended(epochs=3))
    ended_trials.add(trial)
    ended_trials.drop()
    assert not trial.metric_analysis
    assert not trial.metric_n_steps
    assert not trial.run_metadata.last_result
    assert size(trial) < 10 < before
    assert all(json.loads(state) == {} for state in trial.get_json_state())
    assert trial.config == {"point": "{}"}


def test_one_that_still_runs_keeps_everything() -> None:
    running, ended_trials = ended(epochs=3), EndedTrials()
    ended_trials.add(ended(epochs=1))
    ended_trials.drop()
    assert running.last_result["epoch"] == 2


def test_equal_rooms_become_one() -> None:
    trials, ended_trials = [ended(epochs=1), ended(epochs=1)], EndedTrials()
    for trial in trials:
        trial.placement_group_factory = PlacementGroupFactory([{"CPU": 1}])
        ended_trials.add(trial)
    ended_trials.drop()
    assert trials[0].placement_group_factory is trials[1].placement_group_factory


def test_the_private_parts_of_tune_2_60_are_there() -> None:
    assert ray.__version__.startswith("2.60.")
    trial = ended(epochs=1)
    assert {"metric_analysis", "metric_n_steps", "last_result", "_cached_json"} <= set(vars(trial.run_metadata))
    assert "_state_json" in vars(trial)
    source = inspect.getsource(TuneController)
    assert "self._actor_manager = " in source
    assert "self._trial_to_actor" in source
    assert "self._tune_controller = " in inspect.getsource(TrialRunnerWrapper)
    assert "def live_actors(self)" in inspect.getsource(RayActorManager)


@pytest.mark.parametrize("name", ["TUNE_MAX_PENDING_TRIALS_PG", *QUIET])
def test_the_variables_by_which_ray_is_settled_are_read_by_it(name: str) -> None:
    sources = (
        path for folder in ("tune", "train", "air", "_private", "_common") for path in (RAY / folder).rglob("*.py")
    )
    assert any(name in path.read_text(errors="replace") for path in sources)


def test_the_loggers_of_rays_job_client_have_these_names() -> None:
    for name in ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk"):
        assert "logging.getLogger(__name__)" in (RAY / f"{name.replace('.', '/')}.py").read_text()


def test_a_trial_that_has_no_actor_and_no_error_says_so() -> None:
    assert actor_of(ended(epochs=0)) is None
    assert error_of(ended(epochs=0)) == ""

"""The session as Ray Tune's callback, stopper and search algorithm."""

from typing import Any, Self

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.driver.session import Session
from sweep.driver.tune_internals import EndedTrials, actor_of, allow_restarts, error_of, has_live_trials, retire
from trainables.config import TrialConfig

from ray import tune  # isort: skip
from ray.tune.search.basic_variant import BasicVariantGenerator  # isort: skip


class _InThisProcess:
    """An object that Tune copies and pickles with its own state, but that is only usable in this process."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {}


class Reports(_InThisProcess, tune.Callback):
    """Passes Tune's events of each trial to the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ended = EndedTrials()

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        def actor(point_id: str) -> Any:
            return next((actor_of(trial) for trial in trials if point_of(trial).point_id == point_id), None)

        with self._session.faults_noted():
            self._session.supervisor.kill_silent(actor)
        self._ended.drop()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        allow_restarts(trial, self._session.started(point_of(trial).point_id))

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        self._session.reported(point_of(trial), result)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.completed(point_of(trial).point_id)
        if (trial.last_result or {}).get("needs_restart"):
            retire(trial)
        self._ended.add(trial)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.died(point_of(trial), error_of(trial), will_restart=True)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.died(point_of(trial), error_of(trial), will_restart=False)
        self._ended.add(trial)


class StopWhenAsked(_InThisProcess, tune.Stopper):
    """Ends all trials once the session says that the batch is over."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._session.is_batch_over


class Launch(BasicVariantGenerator):
    """Gives Tune the points in their order; starts no more while all started points may be failing alike."""

    def __init__(self, session: Session, concurrent: int | None) -> None:
        super().__init__(max_concurrent=concurrent or 0)
        self._gate, self._launched = _Gate(session), 0

    def next_trial(self) -> Any:
        if has_live_trials(self) and not self._gate.is_open(self._launched):
            return None
        trial = super().next_trial()
        self._launched += trial is not None
        return trial


class _Gate(_InThisProcess):
    def __init__(self, session: Session) -> None:
        self._session = session

    def is_open(self, launched: int) -> bool:
        return self._session.supervisor.health.may_launch(launched)


def point_of(trial: Any) -> TrialConfig:
    """The point that a trial of Tune trains."""
    return TrialConfig.model_validate_json(trial.config["point"])

"""The session as Ray Tune's callback, stopper and search algorithm."""

from collections.abc import Callable
from typing import Any, Self

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster.share import Share
from sweep.driver.session import Session
from sweep.driver.tune_internals import EndedTrials, actor_of, error_of, retire
from trainables.config import TrialConfig

from ray import tune  # isort: skip
from ray.tune.search import Searcher  # isort: skip


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
            actors = (actor_of(trial) for trial in trials if point_of(trial).point_id == point_id)
            return next(filter(None, actors), None)

        with self._session.faults_noted():
            self._session.supervisor.kill_silent(actor)
        self._ended.drop()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.started(point_of(trial).point_id)

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        self._session.reported(point_of(trial), result)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.completed(point_of(trial).point_id)
        if (trial.last_result or {}).get("needs_restart"):
            retire(trial)
        self._ended.add(trial)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.died(point_of(trial), error_of(trial))
        self._ended.add(trial)


class StopWhenAsked(_InThisProcess, tune.Stopper):
    """Ends all trials once the session says so."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._session.must_end_trials


class Suggestions(_InThisProcess, Searcher):
    """Gives Tune the executions that the session hands out, with what Ray reserves for each and its settings."""

    def __init__(self, session: Session, settings_of: Callable[[Share], str]) -> None:
        super().__init__()
        self._session, self._settings_of = session, settings_of

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        if execution := self._session.next_execution():
            share = execution.share
            trial_settings = self._settings_of(share)
            point = execution.point.model_dump_json()
            return {"point": point, "trial_settings": trial_settings, "cpus": share.cpus, "gpus": share.gpus}
        # Where nothing runs, Tune asks again for ten minutes and looks at no stopper meanwhile.
        finished: Any = Searcher.FINISHED
        return finished if self._session.queue.is_over or self._session.must_end_trials else None

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: `Reports` tells the session."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the store is the state of a sweep."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing."""


def point_of(trial: Any) -> TrialConfig:
    """The point that a trial of Tune trains."""
    return TrialConfig.model_validate_json(trial.config["point"])

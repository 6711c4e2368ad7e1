"""What a driver knows of the points it runs, and what Ray Tune tells it: reports, deaths, and when to stop."""

import threading
import time
from dataclasses import asdict, replace
from typing import Any, Self

from rich.console import Console

import sweep.cluster  # noqa: F401 sets what Ray reads when it is imported
from sweep.status import Progress, Watch
from sweep.store import Attempt, Store
from sweep.tracking import BackgroundMirror
from trainables.config import TrialConfig
from trainables.records import Failure

from ray import tune  # isort: skip

DEATHS_ALLOWED = 3
"""How often Ray may restart a point whose process died, from its last snapshot, before the point counts as failed."""


class Session:
    """What this driver knows of the points it runs, shared between Ray's callbacks, the lease and the display."""

    def __init__(self, watch: Watch, console: Console) -> None:
        self._console = console
        self._first_report: float | None = None
        self._epochs_at_start = sum(known.epochs_done for known in watch.known().values())
        self.running: dict[str, int] = {}
        self.stopping = threading.Event()
        self.storage_fault: str | None = None

    def progress(self) -> Progress:
        """What the store does not say yet."""
        since = self._first_report or time.monotonic()
        return Progress(dict(self.running), self._epochs_at_start, time.monotonic() - since)

    def started(self, point_id: str) -> None:
        """Count the point as running; a second start means that its process died."""
        if point_id in self.running:
            text = f"{point_id}: its process died at epoch {self.running[point_id]}; it goes on from its last snapshot"
            self._console.print(text, style="yellow", soft_wrap=True)
        self.running.setdefault(point_id, 0)

    def reported(self, point_id: str, epoch: int) -> None:
        """Keep the epoch of a running point; the rate counts from the first report, which had to compile."""
        self.running[point_id] = epoch
        if self._first_report is None:
            self._first_report = time.monotonic()
            self._epochs_at_start += epoch

    def for_lease(self) -> dict[str, Any]:
        """The progress as the lease carries it."""
        return asdict(self.progress())


class _InThisProcess:
    """What Tune copies and pickles with its own state, but which only means something here and now."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {}


class Reports(_InThisProcess, tune.Callback):
    """Takes what trials report: epochs for the display, commits for the mirror, deaths as failures."""

    def __init__(self, session: Session, store: Store, mirror: BackgroundMirror) -> None:
        self._session, self._store, self._mirror = session, store, mirror

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.started(point_of(trial).point_id)

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        if fault := result.get("storage_fault"):
            self._session.storage_fault = fault
            self._session.stopping.set()
            return
        point = point_of(trial)
        self._session.reported(point.point_id, result["epoch"])
        if result["committed"] >= 0 or result["done"]:
            self._mirror.touch(point, is_running=not result["done"])

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.running.pop(point_of(trial).point_id, None)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        point = point_of(trial)
        self._session.running.pop(point.point_id, None)
        attempts = self._store.attempts(point.point_id)
        last = attempts[-1] if attempts else Attempt(1, "", "unknown", 0, {})
        message = f"the process died {DEATHS_ALLOWED + 1} times"
        failure = Failure("infra", message, str(getattr(trial, "get_error", lambda: "")() or ""))
        self._store.save_attempt(point.point_id, replace(last, failure=failure))
        self._mirror.touch(point, is_running=False)


class StopWhenAsked(_InThisProcess, tune.Stopper):
    """Ends all trials once the session is stopping."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._session.stopping.is_set()


def point_of(trial: Any) -> TrialConfig:
    return TrialConfig.model_validate(trial.config["point"])

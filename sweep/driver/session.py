"""What a driver knows of the points it runs, and what Ray Tune tells it: reports, deaths, and when to stop."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.driver.supervisor import Supervisor
from sweep.driver.tune_internals import Leftovers, retire
from sweep.errors import ClusterUnusable, StorageFault, SweepError
from sweep.progress import Progress, Watch
from sweep.tracking.background import BackgroundMirror
from trainables.config import TrialConfig

from ray import tune  # isort: skip
from ray.tune.search.basic_variant import BasicVariantGenerator  # isort: skip


class Session:
    """What this driver knows of the points it runs, shared between Ray's callbacks, the lease and the display."""

    def __init__(self, watch: Watch, console: Console) -> None:
        self._console = console
        self._first_report: float | None = None
        known = watch.known()
        self._epochs_at_start = sum(found.epochs_done for found in known.values())
        self.running: dict[str, int] = {}
        self.stopping = threading.Event()
        self.fault: SweepError | None = None
        self.judge = Supervisor(watch.store, known, console)

    def progress(self) -> Progress:
        """What the store does not say yet."""
        since = self._first_report or time.monotonic()
        return Progress(dict(self.running), self._epochs_at_start, time.monotonic() - since)

    def started(self, point_id: str) -> None:
        """Count the point as running."""
        self.running.setdefault(point_id, 0)

    def reported(self, point_id: str, epoch: int) -> None:
        """Keep the epoch of a running point; the rate counts from the first report, which had to compile."""
        self.running[point_id] = epoch
        if self._first_report is None:
            self._first_report = time.monotonic()
            self._epochs_at_start += epoch

    def end_for(self, fault: SweepError) -> None:
        """Stop in order, as nothing more can be done; the command ends with that error."""
        self.fault = fault
        self.stopping.set()

    def begin_round(self) -> None:
        """Nothing runs yet."""
        self.running.clear()
        self.judge.begin_round()

    @property
    def is_round_over(self) -> bool:
        """Whether what runs is to stop: for good, or to go on in another way."""
        return self.stopping.is_set() or self.judge.must_stop or self.judge.must_regroup

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

    def __init__(self, session: Session, mirror: BackgroundMirror) -> None:
        self._session, self._judge, self._mirror = session, session.judge, mirror
        self._leftovers = Leftovers()

    def on_step_end(self, iteration: int, trials: list[Any], **_: Any) -> None:
        with self._faults_noted():
            self._judge.look_for_silent(trials, lambda trial: point_of(trial).point_id)
        self._leftovers.drop()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.started(point_of(trial).point_id)
        with self._faults_noted():
            self._judge.started(trial, point_of(trial).point_id)

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        for kind in (StorageFault, ClusterUnusable):
            if said := result.get(kind.__name__):
                self._session.end_for(kind(said))
                return
        point = point_of(trial)
        self._session.reported(point.point_id, result["epoch"])
        with self._faults_noted():
            self._judge.reported(point.point_id, result)
        if result["committed"] >= 0 or result["done"]:
            self._mirror.touch(point, is_running=not result["done"])

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.running.pop(point_of(trial).point_id, None)
        if (trial.last_result or {}).get("needs_restart"):
            retire(trial)
        self._leftovers.add(trial)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        with self._faults_noted():
            self._judge.died(trial, point_of(trial), will_restart=True)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        point = point_of(trial)
        self._session.running.pop(point.point_id, None)
        with self._faults_noted():
            self._judge.died(trial, point, will_restart=False)
        self._mirror.touch(point, is_running=False)
        self._leftovers.add(trial)

    @contextmanager
    def _faults_noted(self) -> Iterator[None]:
        """An exception here would end the sweep in Tune's way, not in ours."""
        try:
            yield
        except StorageFault as fault:
            self._session.end_for(fault)


class StopWhenAsked(_InThisProcess, tune.Stopper):
    """Ends all trials once the session is stopping."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._session.is_round_over


class Launch(BasicVariantGenerator):
    """Hands Tune the points in their order; holds back while those that were started may all be failing alike."""

    def __init__(self, session: Session, concurrent: int | None) -> None:
        super().__init__(max_concurrent=concurrent or 0)
        self._gate, self._launched = _Gate(session), 0

    def next_trial(self) -> Any:
        if self._live_trials and not self._gate.is_open(self._launched):
            return None
        trial = super().next_trial()
        self._launched += trial is not None
        return trial


class _Gate(_InThisProcess):
    def __init__(self, session: Session) -> None:
        self._session = session

    def is_open(self, launched: int) -> bool:
        return self._session.judge.health.may_launch(launched)


def point_of(trial: Any) -> TrialConfig:
    return TrialConfig.model_validate_json(trial.config["point"])

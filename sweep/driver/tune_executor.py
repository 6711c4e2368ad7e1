"""The executors over Ray Tune: this machine, and a cluster."""

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster import nodes
from sweep.cluster.connection import check_reachable, connected, ports
from sweep.cluster.driver_data import DriverData, keep_from_logs
from sweep.cluster.port_watch import ports_watched
from sweep.cluster.preflight import with_driver_data
from sweep.cluster.run_folder import run_folder
from sweep.cluster.settings import ignored_address
from sweep.cluster.share import Share
from sweep.console import say, warn
from sweep.driver import pre_run
from sweep.driver.executor import RunContext
from sweep.driver.nodes import Nodes
from sweep.driver.tune_callbacks import Reports, StopWhenAsked, Suggestions, point_of
from sweep.driver.tune_internals import Reuse
from sweep.planning import Plan
from sweep.progress import LiveView
from sweep.system import machine
from sweep.system.backend import check_backend, check_estimators
from sweep.trial.actor import PointTrial

from ray import tune  # isort: skip

FEWEST_PENDING = 200
"""So many trials may wait for a place, or 1.1 times the CPUs if more: Tune's own rule for grid search. It allows one
where a searcher suggests trials, so that on a cluster one process after another would start."""

UNLIMITED = 10**9
"""Trials of one run: the searcher says when it has no more."""


class OwnMachine:
    """Trains on a Ray that is started on this machine for this run; trials load data sets from its files."""

    nodes: Nodes = nodes
    _folder: Path

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Check backend and data sets, and warn of points that may not fit on the GPUs."""
        check_backend(is_here=True)
        check_estimators(todo.to_run)
        if ignored := ignored_address():
            warn(ignored, run.console)
        DriverData.loaded({point.dataset for point in todo.to_run}, run.options.data_dir)
        pre_run.warn_of_gpu_memory(run.spec, todo, machine.gpus(), run.options.max_concurrent, run.console)

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """Start Ray on this machine; stop it at the end of the block."""
        with _ray(run, address=None) as (granted, self._folder):
            yield granted

    def execute(self, run: RunContext) -> None:
        """Let Tune train the points."""
        fit(run, PointTrial, self._folder)


class Cluster:
    """Trains on the Ray cluster at an address; trials get data sets from the driver."""

    nodes: Nodes = nodes

    def __init__(self, address: str) -> None:
        self._address = address
        self._data: DriverData
        self._trainable: Any
        self._folder: Path

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Check that the cluster can be reached, and load the data sets."""
        check_backend(is_here=False)
        check_reachable(self._address)
        self._data = DriverData.loaded({point.dataset for point in todo.to_run}, run.options.data_dir)

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """Connect to the cluster, and check that each node that a trial fits on can use the store and has the data."""
        with _ray(run, self._address) as (granted, self._folder):
            self._trainable, gpus = with_driver_data(
                PointTrial, self._data, granted, run.store, run.spec.name, run.console
            )
            pre_run.warn_of_gpu_memory(run.spec, todo, gpus, run.options.max_concurrent, run.console)
            yield granted

    def execute(self, run: RunContext) -> None:
        """Let Tune train the points."""
        fit(run, self._trainable, self._folder)


@contextmanager
def _ray(run: RunContext, address: str | None) -> Iterator[tuple[Share, Path]]:
    """A connection to Ray, watched; gives what each trial gets of it, and the folder of the run."""
    keep_from_logs()
    say(f"connecting to Ray at {address}" if address else "starting Ray on this machine", run.console)
    folder = run_folder()
    with (
        connected(address, folder, run.console),
        ports_watched(ports(), run.stopping.on_cluster_loss, run.timing.head),
    ):
        granted = nodes.share(run.spec.resources, run.options.max_concurrent, is_own=address is None)
        pre_run.say_share(granted, run.console)
        yield granted, folder


def fit(run: RunContext, trainable: Any, folder: Path) -> None:
    """Let Ray Tune train what the session hands out; it writes into that folder alone."""
    session = run.session
    barred = frozenset(session.supervisor.health.barred_hosts)
    settings_of = cache(lambda share: run.trial_settings(share).to_json())
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(max(FEWEST_PENDING, math.ceil(1.1 * nodes.total("CPU"))))
    with tempfile.TemporaryDirectory(prefix="tune-", dir=folder) as scratch:
        tuner = tune.Tuner(
            tune.with_resources(trainable, partial(_room, barred)),
            tune_config=tune.TuneConfig(
                num_samples=UNLIMITED,
                reuse_actors=True,
                search_alg=Suggestions(session, settings_of),
                scheduler=Reuse(),
                trial_name_creator=_name,
                trial_dirname_creator=_name,
            ),
            run_config=tune.RunConfig(
                name=run.spec.name,
                storage_path=scratch,
                verbose=0,
                stop=StopWhenAsked(session),
                callbacks=[Reports(session)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                failure_config=tune.FailureConfig(max_failures=0),  # the queue hands it out again
            ),
        )
        if session.stopping.is_set():
            return
        # Ray put handlers of its own in place of ours when it started.
        with run.stopping.on_signals(), LiveView(run.status, run.console):
            tuner.fit()


def _room(barred: frozenset[str], config: dict[str, Any]) -> Any:
    return nodes.room(config["cpus"], config["gpus"], barred)


def _name(trial: Any) -> str:
    return point_of(trial).point_id

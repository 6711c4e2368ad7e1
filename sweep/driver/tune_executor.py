"""The executors over Ray Tune: this machine, and a cluster."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster import nodes
from sweep.cluster.connection import check_reachable, connected, head_address
from sweep.cluster.driver_data import DriverData, keep_from_logs
from sweep.cluster.head_watch import head_watched
from sweep.cluster.preflight import with_driver_data
from sweep.cluster.share import Share
from sweep.driver import pre_run
from sweep.driver.executor import Batch, RunContext
from sweep.driver.nodes import Nodes
from sweep.driver.tune_callbacks import Launch, Reports, StopWhenAsked, point_of
from sweep.driver.tune_internals import Reuse
from sweep.failures import KnownHosts, retry
from sweep.planning import Plan
from sweep.progress import LiveView
from sweep.system import machine
from sweep.trial.actor import PointTrial

from ray import tune  # isort: skip


class OwnMachine:
    """Trains on a Ray that is started on this machine for this run; trials load data sets from its files."""

    nodes: Nodes = nodes

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Check that the data sets are there and intact, and warn of points that may not fit on the GPUs."""
        DriverData.loaded({point.dataset for point in todo.to_run}, run.options.data_dir)
        pre_run.warn_of_gpu_memory(run.spec, todo, machine.gpus(), run.options.max_concurrent, run.console)

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """Start Ray on this machine; stop it at the end of the block."""
        with _ray(run, address=None) as granted:
            yield granted

    def execute(self, run: RunContext, batch: Batch) -> None:
        """Let Tune train the points."""
        fit(run, PointTrial, batch)


class Cluster:
    """Trains on the Ray cluster at an address; trials get data sets from the driver."""

    nodes: Nodes = nodes

    def __init__(self, address: str) -> None:
        self._address = address
        self._data: DriverData
        self._trainable: Any

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Check that the cluster can be reached, and load the data sets."""
        check_reachable(self._address)
        self._data = DriverData.loaded({point.dataset for point in todo.to_run}, run.options.data_dir)

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """Connect to the cluster, and check that each node that a trial fits on can use the store and has the data."""
        with _ray(run, self._address) as granted:
            self._trainable, gpus = with_driver_data(
                PointTrial, self._data, granted, run.store, run.spec.name, run.console
            )
            pre_run.warn_of_gpu_memory(run.spec, todo, gpus, run.options.max_concurrent, run.console)
            yield granted

    def execute(self, run: RunContext, batch: Batch) -> None:
        """Let Tune train the points."""
        fit(run, self._trainable, batch)


@contextmanager
def _ray(run: RunContext, address: str | None) -> Iterator[Share]:
    """A connection to Ray with a watch over its head; gives what each trial gets of it."""
    keep_from_logs()
    with connected(address), head_watched(head_address(), run.stopping.on_head_loss):
        granted = nodes.share(run.spec.resources, run.options.max_concurrent, is_own=address is None)
        pre_run.say_share(granted, run.console)
        yield granted


def fit(run: RunContext, trainable: Any, batch: Batch) -> None:
    """Let Ray Tune train the points of one batch."""
    share, session = batch.share, run.session
    barred = session.supervisor.health.barred_hosts
    points = {"point": tune.grid_search([point.model_dump_json() for point in batch.points])}
    with tempfile.TemporaryDirectory(prefix="sweep-tune-") as scratch:
        run.stopping.last_acts.append(lambda: shutil.rmtree(scratch, ignore_errors=True))
        # Tune copies the space for each point; texts are shared by the copies.
        tuner = tune.Tuner(
            tune.with_resources(trainable, nodes.room(share, barred)),
            param_space=points | {"trial_settings": run.trial_settings(share).to_json()},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                search_alg=Launch(session, share.concurrent),
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
                failure_config=tune.FailureConfig(max_failures=retry((), None, KnownHosts()).restarts),
            ),
        )
        if session.stopping.is_set():
            return
        # Ray put handlers of its own in place of ours when it started.
        with run.stopping.on_signals(), LiveView(lambda: run.watch.status(session.progress()), run.console):
            tuner.fit()


def _name(trial: Any) -> str:
    return point_of(trial).point_id

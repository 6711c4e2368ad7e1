"""The executor that trains in this process, one point after another, without Ray: for tests of the driver.

What a point prints goes to its log, as with other executors. If the process dies, the driver dies; nothing restarts it.
"""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sweep.cluster.driver_data import DriverData
from sweep.cluster.share import Share
from sweep.driver import pre_run
from sweep.driver.executor import RunContext
from sweep.driver.nodes import Nodes
from sweep.planning import Plan
from sweep.system import machine
from sweep.trial.worker import Worker

NODE = "this process"


class ThisProcess:
    """The only node there is."""

    def live(self, cpus: float = 0.0, gpus: float = 0.0) -> Mapping[str, str]:
        """This host; it takes every trial."""
        return {NODE: socket.gethostname()}

    def own(self) -> str:
        """The only node."""
        return NODE

    def largest(self, resource: str) -> float:
        """What this machine has of a resource."""
        return float(machine.cpus() if resource == "CPU" else len(machine.gpus()))

    def kill(self, actor: Any, node: str, pid: int | None) -> None:
        """Nothing: a trial that hangs ends this process itself."""

    def on_node(self, node: str, action: Callable[..., object], *arguments: Any) -> None:
        """Call the function here."""
        action(*arguments)


class InProcess:
    """Trains the points in this process, on its CPUs."""

    nodes: Nodes = ThisProcess()

    def __init__(self) -> None:
        self._data: DriverData

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Load the data sets."""
        self._data = DriverData.loaded({point.dataset for point in todo.to_run}, run.options.data_dir)

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """This process: one point at a time."""
        share = Share(0.0, run.spec.resources.cpus, run.spec.resources.threads, 1)
        pre_run.say_share(share, run.console)
        yield share

    def execute(self, run: RunContext) -> None:
        """Train one point after the other."""
        worker, session = Worker(NODE, self._data.datasets, run.timing), run.session
        while execution := session.next_execution():
            point = execution.point
            session.started(point.point_id)
            worker.begin(point, run.trial_settings(execution.share))
            is_done = False
            while not (is_done or session.must_end_trials):
                report = worker.step()
                session.reported(point, report)
                is_done = report["done"]
            if not is_done:
                worker.stop()
            session.completed(point.point_id)

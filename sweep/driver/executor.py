"""The interface of executors: what a driver asks of the place where points are trained. Imports no Ray."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from rich.console import Console

from sweep.cluster.share import Share
from sweep.driver.nodes import Nodes
from sweep.driver.options import Options
from sweep.driver.session import Session
from sweep.driver.stopping import Stopping
from sweep.planning import Plan
from sweep.progress import Status, Watch
from sweep.spec import SweepSpec
from sweep.store import RUN, Store
from sweep.system import provenance
from sweep.timing import Timing
from sweep.trial.attempt import TrialSettings


@dataclass(frozen=True)
class RunContext:
    """What one run of a sweep shares between its driver and its executor."""

    spec: SweepSpec
    options: Options
    watch: Watch
    session: Session
    stopping: Stopping
    console: Console
    timing: Timing
    run_id: str

    @property
    def store(self) -> Store:
        """The store of the sweep."""
        return self.watch.store

    def status(self) -> Status:
        """The state of the sweep as the driver knows it; the store's index is brought up to date now and then."""
        status = self.watch.status(self.session.progress())
        self.watch.save_index(self.timing.index_seconds)
        return status

    @cached_property
    def code(self) -> dict[str, Any]:
        """The identity of this code, as every attempt records it; without components if any code is accepted."""
        accepted = {"components": None} if self.options.accept_code_change else {}
        return provenance.code() | {"sweep": self.spec.name, RUN: self.run_id} | accepted

    def trial_settings(self, share: Share) -> TrialSettings:
        """What each trial of that share needs besides its point."""
        data_dir = str(self.options.data_dir.absolute()) if self.options.data_dir else None
        return TrialSettings(
            str(self.store.root), data_dir, share.threads, self.code, share.gpus, self.timing, self.spec.keep
        )


class Executor(Protocol):
    """A place where points are trained. `prepare` comes first; `execute` comes within the block of `opened`."""

    @property
    def nodes(self) -> Nodes:
        """The nodes of this place; to be asked within the block of `opened` only."""

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Check that the points can be trained there, before the store is written to.

        Raises:
            UsageError: when a data set is missing or damaged.
            ClusterUnusable: when the cluster cannot be reached.
        """

    def opened(self, run: RunContext, todo: Plan) -> AbstractContextManager[Share]:
        """The place, ready to train; gives what each trial gets of it.

        Raises:
            ClusterUnusable: when it cannot be used.
        """

    def execute(self, run: RunContext) -> None:
        """Train what the session hands out; return when its queue is over, or once it says that trials must end."""

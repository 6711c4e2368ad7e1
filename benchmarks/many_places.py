"""Find what of a driver becomes slow first: python -m benchmarks.many_places

A driver runs sweeps of more and more points on 64 simulated places: every training ends at once with a result, and
neither Ray nor MLflow is there, so that all the time is the driver's own and the store's. What each part of the driver
takes for a point, and the memory at the end, go to benchmarks/results/many_places.md. Nothing is flushed to disk.
"""

import argparse
import contextlib
import io
import os
import platform
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from benchmarks.stores import history
from sweep.cluster.share import Share
from sweep.driver import Driver, Options
from sweep.driver.executor import RunContext
from sweep.driver.in_process import NODE, ThisProcess
from sweep.driver.point_queue import Execution
from sweep.planning import Plan
from sweep.progress import LiveView
from sweep.spec import SweepSpec
from sweep.store import Attempt, load
from sweep.system import provenance
from trainables.config import TrialConfig
from trainables.records import PointResult

RESULTS = Path(__file__).parent / "results"
SIZES = (1000, 10_000, 100_000)
PLACES = 64
EPOCHS = 3
MINUTE = 60.0
PARTS = {
    "plan and checks before the first training": "before",
    "handing out points": "queue",
    "starts and reports of trainings": "reports",
    "the live view": "view",
    "the lease": "lease",
    "attempts and results in the store, which trials write": "store",
}


class Clock:
    """CPU seconds of each part, in whatever thread it runs."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._trials = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what the block takes."""
        begun = time.thread_time()
        yield
        self.seconds[name] += time.thread_time() - begun

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted."""

        def call(*arguments: Any) -> Any:
            with self.part(name):
                return function(*arguments)

        return call


class Instant:
    """An executor of 64 places in which every training ends at once."""

    nodes = ThisProcess()

    def __init__(self, clock: Clock, begun: float) -> None:
        self._clock, self._begun = clock, begun

    def prepare(self, run: RunContext, todo: Plan) -> None:
        """Nothing: there are no data."""

    @contextmanager
    def opened(self, run: RunContext, todo: Plan) -> Iterator[Share]:
        """The places."""
        self._clock.seconds["before"] = time.thread_time() - self._begun
        yield Share(0.0, 1.0, 1, PLACES)

    def execute(self, run: RunContext) -> None:
        """Start a point on every place, and another as soon as one has ended."""
        clock, session = self._clock, run.session
        code = provenance.current() | run.code | {"ray_node": NODE, "device": "cpu", "threads": 1}
        running: deque[Execution] = deque()
        view = LiveView(clock.timed("view", run.status), run.console)
        with view:
            while not session.must_end_trials:
                while len(running) < PLACES:
                    with clock.part("queue"):
                        execution = session.next_execution()
                    if execution is None:
                        break
                    with clock.part("reports"):
                        session.started(execution.point.point_id)
                    running.append(execution)
                if not running:
                    return
                self._finish(run, running.popleft().point, code)

    def _finish(self, run: RunContext, point: TrialConfig, code: dict[str, Any]) -> None:
        clock, session, store = self._clock, run.session, run.store
        report = {"ray_node": NODE, "allowance_seconds": 600.0, "epoch": 0, "committed": 0, "done": False}
        with clock.part("store"):
            attempt = store.begin_attempt(point.point_id, Attempt(0, "then", "here", 0, code))
        with clock.part("reports"):
            session.reported(point, report)
        with clock.part("store"):
            made = history(point, point.seed)
            store.commit_result(point, PointResult(point.canonical(), "finished", attempt.number, 1.0, code, made))
        with clock.part("reports"):
            session.reported(point, report | {"epoch": point.epochs, "committed": point.epochs, "done": True})
            session.completed(point.point_id)


class NoTracker(contextlib.AbstractContextManager["NoTracker"]):
    """Nothing is mirrored."""

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        """Nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    """Run the sweeps and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    os.fsync = lambda _: None
    found = {}
    for size in options.points:
        with tempfile.TemporaryDirectory() as folder:
            spec = _spec(size)
            assert len(spec.points) == size
            found[size] = _run(Path(folder), spec)
        print(size, found[size], flush=True)
    (RESULTS / "many_places.md").write_text(_report(found))
    print(RESULTS / "many_places.md")


def _spec(size: int) -> SweepSpec:
    grid = ["grid.width=[10, 20]", "grid.depth=[5]", f"grid.seed=0..{size // 4 - 1}", f"fixed.epochs={EPOCHS}"]
    return load("fig4a", [*grid, "grid.architecture=[mlp, shortcut]", "fixed.dataset=digits"])


def _run(folder: Path, spec: SweepSpec) -> dict[str, float]:
    clock, begun = Clock(), time.thread_time()
    store = str(folder / "runs")
    options = Options(store=store, tracking_uri=f"sqlite:///{folder}/mlflow.db", data_dir=None)
    driver = Driver(spec, options, Instant(clock, begun), NoTracker(), Console(file=io.StringIO()))
    session: Any = driver._session
    session.for_lease = clock.timed("lease", session.for_lease)
    wall = time.monotonic()
    driver.run()
    seconds = time.monotonic() - wall
    assert len(list((folder / "runs" / "points").iterdir())) == len(spec.points)
    return dict(clock.seconds) | {"wall": seconds, "memory": psutil.Process().memory_info().rss / 2**20}


def _report(found: Mapping[int, Mapping[str, float]]) -> str:
    sizes = list(found)
    walls = ", ".join(f"{one['wall']:,.0f} s" for one in found.values())
    memory = ", ".join(f"{one['memory']:,.0f} MiB" for one in found.values())
    lines = [
        "# Many points on many places",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}. A driver and a store, "
        f"{PLACES} simulated places whose trainings end at once; no Ray, no MLflow. CPU milliseconds for each point:",
        "",
        f"| | {' | '.join(f'{size:,} points' for size in sizes)} |",
        f"|---|{'---|' * len(sizes)}",
        *(_row(label, [1000 * found[size].get(part, 0.0) / size for size in sizes]) for label, part in PARTS.items()),
        "",
        f"Wall time of all: {walls}. Memory of the process at the end: {memory}.",
        "",
        f"{PLACES} places that each train a point a minute ask the driver for a point every {MINUTE / PLACES:.2f} s.",
    ]
    return "\n".join(lines) + "\n"


def _row(label: str, values: Sequence[float]) -> str:
    return f"| {label} | {' | '.join(f'{value:.2f}' for value in values)} |"


if __name__ == "__main__":
    main()

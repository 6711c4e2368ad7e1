"""The tracking server down, hung, slow, busy, broken, killed: one warning, no time, nothing lost, nothing twice."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from rich.console import Console

from sweep.spec import SweepSpec
from sweep.store import Store
from sweep.timing import MirrorTiming
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.mirror import Mirror
from tests.mirrored import assert_equal_to_the_store, runs
from tests.servers import PATIENCE_SECONDS, Between, Server
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PointResult
from trainables.snapshots import Snapshot

SETTINGS = ["grid.architecture=[mlp, shortcut]", "grid.seed=0..1", "grid.width=[8]", "grid.depth=[4]", "fixed.epochs=4"]
OUTAGES = ["closed", "hung", "429", "500"]

Result = Callable[[TrialConfig], PointResult]
History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def between(request: pytest.FixtureRequest) -> Iterator[Between]:
    """In front of the real server, where the test has one."""
    port = request.getfixturevalue("server").port if "server" in request.fixturenames else 1
    between = Between(port)
    yield between
    between.close()


@pytest.fixture
def store(tmp_path: Path, spec: SweepSpec) -> Store:
    store = Store(tmp_path / "runs")
    store.save_spec(spec.name, spec.to_yaml())
    return store


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> MirrorTiming:
    """Tries an absent tracker again soon, and waits less for answers."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    return MirrorTiming(retry_seconds=0.3, answer_seconds=1.0)


def printed_on(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=500)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("mode", OUTAGES)
def test_a_server_that_never_serves_costs_one_warning_and_no_time(
    between: Between,
    spec: SweepSpec,
    store: Store,
    result: Result,
    console: Console,
    impatient: MirrorTiming,
    mode: str,
) -> None:
    between.mode = mode
    with BackgroundMirror(between.uri, spec, store, console, impatient) as mirror:
        slowest = 0.0
        for point in spec.points:
            store.commit_result(point, result(point))
            start = time.monotonic()
            mirror.touch(point, is_running=False)
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(0.2)
        wait_until(lambda: "does not answer" in printed_on(console))
        ended = time.monotonic()
    assert slowest < 0.1
    assert time.monotonic() - ended < impatient.outage_end_seconds + 2
    assert printed_on(console).count("does not answer") == 1
    assert printed_on(console).count(f"next: sweep track {spec.name}") == 1


@pytest.mark.slow
@pytest.mark.parametrize("mode", [*OUTAGES, "lost"])
def test_an_outage_in_mid_run_leaves_nothing_missing_and_nothing_twice(
    server: Server,
    between: Between,
    spec: SweepSpec,
    store: Store,
    history: History,
    result: Result,
    console: Console,
    impatient: MirrorTiming,
    mode: str,
) -> None:
    points = spec.points
    with BackgroundMirror(between.uri, spec, store, console, impatient) as mirror:
        store.commit_snapshot(Snapshot(points[0], history(points[0], 2), ()))
        mirror.touch(points[0], is_running=True)
        wait_until(lambda: bool(mlflow.MlflowClient(server.uri).get_experiment_by_name(spec.name)))
        wait_until(lambda: [run.info.status for run in runs(server.uri, spec)] == ["RUNNING"])
        between.mode = mode
        for point in points[:-1]:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
        wait_until(lambda: "does not answer" in printed_on(console))
        time.sleep(0.5)
        between.mode = "ok"
        store.commit_result(points[-1], result(points[-1]))
        mirror.touch(points[-1], is_running=False)
        wait_until(lambda: len(runs(server.uri, spec)) >= len(points))
    assert printed_on(console).count("does not answer") == 1
    assert "behind" not in printed_on(console)
    assert_equal_to_the_store(server.uri, spec, store)


@pytest.mark.slow
def test_a_slow_server_holds_up_neither_the_trials_nor_the_end(
    server: Server, between: Between, spec: SweepSpec, store: Store, result: Result, console: Console
) -> None:
    between.mode, between.delay = "slow", 0.5
    with BackgroundMirror(between.uri, spec, store, console, MirrorTiming(server_end_seconds=1.0)) as mirror:
        start = time.monotonic()
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
        assert time.monotonic() - start < 1
        ended = time.monotonic()
    assert time.monotonic() - ended < 4
    assert printed_on(console).count("next: sweep track") == 1
    between.mode = "ok"
    time.sleep(1.0)  # the request that was under way arrives after all
    late = Mirror(between.uri, spec, store)
    assert late.replay(spec.points) > 0
    assert_equal_to_the_store(server.uri, spec, store)


def test_what_is_mirrored_already_takes_few_requests_to_verify(
    server: Server, between: Between, spec: SweepSpec, store: Store, result: Result, console: Console
) -> None:
    for point in spec.points:
        store.commit_result(point, result(point))
    with BackgroundMirror(between.uri, spec, store, console):
        pass
    assert_equal_to_the_store(server.uri, spec, store)
    assert between.requests <= 8 * len(spec.points) + 6
    between.requests = 0
    with BackgroundMirror(between.uri, spec, store, console):
        pass
    assert between.requests <= 5
    assert printed_on(console) == ""


def test_two_runs_of_one_point_become_one(
    server: Server, spec: SweepSpec, store: Store, result: Result, console: Console
) -> None:
    for point in spec.points:
        store.commit_result(point, result(point))
    Mirror(server.uri, spec, store).replay(spec.points)
    client = mlflow.MlflowClient(server.uri)
    experiment = client.get_experiment_by_name(spec.name).experiment_id
    client.create_run(experiment, tags={"point_id": spec.points[0].point_id})
    client.create_run(experiment, tags={"point_id": "of-a-spec-long-gone"})
    with BackgroundMirror(server.uri, spec, store, console):
        pass
    gone = next(run for run in runs(server.uri, spec) if run.data.tags["point_id"] == "of-a-spec-long-gone")
    assert gone.info.status == "KILLED"
    client.delete_run(gone.info.run_id)
    assert_equal_to_the_store(server.uri, spec, store)


@pytest.mark.slow
def test_a_server_killed_in_mid_run_and_started_again(
    server: Server, spec: SweepSpec, store: Store, result: Result, console: Console
) -> None:
    half = len(spec.points) // 2
    with BackgroundMirror(server.uri, spec, store, console, MirrorTiming(retry_seconds=0.3)) as mirror:
        for number, point in enumerate(spec.points):
            if number == half:
                server.kill()
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
            time.sleep(0.3)
        wait_until(lambda: "does not answer" in printed_on(console))
        server.start()
    assert printed_on(console).count("does not answer") == 1
    assert "behind" not in printed_on(console)
    assert_equal_to_the_store(server.uri, spec, store)

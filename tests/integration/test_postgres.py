"""MLflow as a cluster has it: on PostgreSQL, asking for logins, with several sweeps writing at once."""

import contextlib
import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from rich.console import Console

from sweep.spec import SweepSpec
from sweep.store import Attempt, Store, load
from sweep.timing import MirrorTiming
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.mirror import Mirror
from tests.conftest import PATIENCE_SECONDS
from tests.logins import User, add, holders, with_logins
from tests.mirrored import assert_equal_to_the_store, runs
from tests.postgres import Postgres, running
from tests.processes import ONE_AT_A_TIME, finish, start
from tests.servers import Server
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult
from trainables.snapshots import Snapshot

ADA, BEN = User("ada", "of-ada-90e5b1c2"), User("ben", "of-ben-17fa63d8")
TOKEN = "of-the-cluster-64d0c1f27b9e4a3c8d15"
REAL = """
name: {name}
fixed: {{dataset: digits, depth: 3, width: 4, epochs: 30, seed: {seed}}}
grid: {{architecture: [mlp, shortcut]}}
measure: {{every: 10}}
resources: {{gpus: 0, cpus: 1}}
"""
MADE_UP = ["grid.architecture=[mlp, shortcut]", "grid.seed=0..2", "grid.width=[8]", "grid.depth=[4]"]
MADE_UP += ["fixed.epochs=60", "fixed.frozen=false"]
AT_ONCE = 4

Result = Callable[[TrialConfig], PointResult]
History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.usefixtures("patient")]


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with running() as database:
        yield database


@pytest.fixture(scope="module")
def server(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = with_logins(tmp_path_factory.mktemp("server"), database.address, **database.login)
    server.start()
    try:
        for user in (ADA, BEN):
            add(server, user)
        yield server
    finally:
        server.kill()


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Short enough for the sockets that Ray puts there."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        yield Path(folder)


def test_two_users_sweeps_at_once_are_whole_and_their_secrets_nowhere(
    database: Postgres, server: Server, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets, started = [*ADA.secrets, *BEN.secrets, TOKEN.encode()], {}
    for seed, user in enumerate((ADA, BEN)):
        path, store = tmp_path / f"{user.name}.yaml", tmp_path / f"runs of {user.name}"
        path.write_text(REAL.format(name=f"sweep-of-{user.name}", seed=seed))
        variables = user.environment | {"RAY_TMPDIR": str(temporary), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
        command = ["run", str(path), "--store", str(store), "--tracking-uri", server.uri, *ONE_AT_A_TIME]
        started[user] = (load(str(path)), Store(store), start(*command, **variables))
    said = {user: finish(process) for user, (_, _, process) in started.items()}
    for code, talk in said.values():
        assert code == 0, talk
        assert not any(secret in talk.encode() for secret in secrets)
    kept = database.call("pg_dump").encode()
    for user, (spec, store, _) in started.items():
        for name, value in user.environment.items():
            monkeypatch.setenv(name, value)
        Mirror(server.uri, spec, store).replay(spec.points)  # a run waits for a slow server only so long
        assert_equal_to_the_store(server.uri, spec, store)
        assert spec.name.encode() in kept
    assert not any(secret in kept for secret in secrets)
    assert list(temporary.rglob("raylet*")), "Ray's logs are looked at too"
    assert holders(secrets, tmp_path, temporary, server.folder) == []


def commit(spec: SweepSpec, store: Store, mirror: BackgroundMirror, history: History, result: Result) -> None:
    """Points of every state, told to the mirror as a driver tells them; the third one is still running."""
    failed, interrupted, _, *finished = spec.points
    for point in spec.points[1:]:
        for epoch in (5, 20, 40):
            store.commit_snapshot(Snapshot(point, history(point, epoch), ()))
            mirror.touch(point, is_running=True)
    for point in finished:
        store.commit_result(point, result(point))
        mirror.touch(point, is_running=False)
    store.save_attempt(failed.point_id, Attempt(1, "", "here", 0, {}, failure=Failure("code", "ValueError: no")))
    mirror.touch(failed, is_running=False)
    mirror.touch(interrupted, is_running=False)


def states(server: Server, spec: SweepSpec) -> list[tuple[str, list[int]]]:
    """The status of each point's run and its epochs, as often as they are there, in the order of the points."""
    client = mlflow.MlflowClient(server.uri)
    found = runs(server.uri, spec) if client.get_experiment_by_name(spec.name) else []
    by_point = {run.data.tags["point_id"]: run.info for run in found}
    assert len(by_point) == len(found), "one run per point"
    told = [by_point.get(point.point_id) for point in spec.points]
    return [(one.status, _epochs(client, one.run_id)) if one else ("", []) for one in told]


def _epochs(client: mlflow.MlflowClient, run_id: str) -> list[int]:
    return sorted(entry.step for entry in client.get_metric_history(run_id, "test_error"))


def test_many_mirrors_at_once_tell_every_epoch_once_and_every_state_truly(
    server: Server,
    tmp_path: Path,
    history: History,
    result: Result,
    patient: MirrorTiming,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in ADA.environment.items():
        monkeypatch.setenv(name, value)
    console = Console(file=io.StringIO(), width=500)
    specs = [load("demo", [*MADE_UP, f"name=at-once-{number}"]) for number in range(AT_ONCE)]
    stores = [Store(tmp_path / spec.name) for spec in specs]
    ended = [("FAILED", []), ("KILLED", list(range(41)))], [("FINISHED", list(range(61)))] * 3
    with contextlib.ExitStack() as stack:
        mirrors = [
            stack.enter_context(BackgroundMirror(server.uri, spec, store, console, patient))
            for spec, store in zip(specs, stores, strict=True)
        ]
        drivers = [
            threading.Thread(target=commit, args=(*sweep, history, result))
            for sweep in zip(specs, stores, mirrors, strict=True)
        ]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join()
        deadline = time.monotonic() + PATIENCE_SECONDS
        alive = [*ended[0], ("RUNNING", list(range(41))), *ended[1]]
        while any(states(server, spec) != alive for spec in specs) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert [states(server, spec) for spec in specs] == [alive] * AT_ONCE
    gone = [*ended[0], ("KILLED", list(range(41))), *ended[1]]
    assert [states(server, spec) for spec in specs] == [gone] * AT_ONCE
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""

"""An MLflow server with logins: the login is of the environment, goes nowhere else, and a missing one is an error."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sweep.cli import doctor_checks
from sweep.spec import SweepSpec
from sweep.store import Store
from sweep.timing import MirrorTiming
from sweep.tracking.background import BackgroundMirror
from tests.logins import User, add, holders, with_logins
from tests.mirrored import assert_equal_to_the_store
from tests.processes import finish, start
from tests.servers import Server
from trainables.config import TrialConfig
from trainables.records import PointResult

ADA = User("ada", "of-ada-4c1d77aa")
SETTINGS = ["grid.architecture=[mlp, shortcut]", "grid.seed=[0]", "grid.width=[8]", "grid.depth=[4]", "fixed.epochs=4"]
NEXT = "next: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
NOT_ACCEPTED = {"none": {}, "wrong": User("ada", "of-somebody-else").environment}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    server = with_logins(folder, f"sqlite:///{folder}/mlflow.db")
    server.start()
    try:
        add(server, ADA)
        yield server
    finally:
        server.kill()


@pytest.fixture
def store(tmp_path: Path, spec: SweepSpec, result: Callable[[TrialConfig], PointResult]) -> Store:
    """The sweep, finished."""
    store = Store(tmp_path / "runs")
    store.save_spec(spec.name, spec.to_yaml())
    for point in spec.points:
        store.commit_result(point, result(point))
    return store


def test_the_login_of_the_environment_opens_the_server_and_is_kept_nowhere(
    server: Server,
    spec: SweepSpec,
    store: Store,
    tmp_path: Path,
    patient: MirrorTiming,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = start("track", spec.name, "--store", str(store.root), "--tracking-uri", server.uri, **ADA.environment)
    code, stderr = finish(process)
    assert code == 0, stderr
    for name, value in ADA.environment.items():
        monkeypatch.setenv(name, value)
    assert doctor_checks.tracker(server.uri, patient).verdict == doctor_checks.FIT
    assert_equal_to_the_store(server.uri, spec, store)
    assert not any(secret in stderr.encode() for secret in ADA.secrets)
    assert holders(ADA.secrets, tmp_path, server.folder) == []


@pytest.mark.parametrize("login", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_a_login_that_is_not_accepted_is_said_once_with_what_to_set(
    server: Server,
    spec: SweepSpec,
    store: Store,
    login: dict[str, str],
    patient: MirrorTiming,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    console = Console(file=io.StringIO(), width=500)
    with BackgroundMirror(server.uri, spec, store, console, patient) as mirror:
        for point in spec.points:
            mirror.touch(point, is_running=False)
    assert isinstance(console.file, io.StringIO)
    stderr = console.file.getvalue()
    assert stderr.count("refuses the login") == stderr.count(NEXT) == 1
    assert stderr.count(f"next: sweep track {spec.name}") == 1
    finding = doctor_checks.tracker(server.uri, patient)
    remedy = f"{NEXT.removeprefix('next: ')}; {doctor_checks.TRACK_LATER}"
    assert (finding.verdict, finding.remedy) == (doctor_checks.WARNING, remedy)
    assert "refuses the login" in finding.found
    code, stderr = finish(start("track", spec.name, "--store", str(store.root), "--tracking-uri", server.uri))
    assert code == 1
    assert f"{NEXT}; then sweep track {spec.name}" in stderr

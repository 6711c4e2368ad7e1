"""What an error of MLflow says, of a real server and a real database; and what each command says of it."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.store import Store, load
from sweep.tracking.mirror import Mirror, log_in
from sweep.tracking.problems import problem
from tests.commands import Command
from tests.servers import Server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a sweep and the database of its MLflow, written by another revision of MLflow's schema."""
    store, spec = Store(tmp_path / "runs"), load("demo", ["grid.seed=[0]"])
    store.save_spec("demo", spec.to_yaml())
    Mirror(f"sqlite:///{tmp_path}/made/mlflow.db", spec, store)
    database = tmp_path / "runs" / "mlflow.db"  # another file, as MLflow's client keeps what it has opened
    shutil.copy(tmp_path / "made" / "mlflow.db", database)
    with contextlib.closing(sqlite3.connect(database)) as opened:
        opened.execute("update alembic_version set version_num = '0123456789ab'")
        opened.commit()
    return store


@pytest.mark.parametrize(
    "command",
    [
        ["doctor"],
        ["ui"],
        ["track", "demo"],
        ["export", "demo", "-o", "out", "--from-mlflow", "sqlite:///runs/mlflow.db"],
    ],
    ids=lambda command: command[0],
)
def test_a_database_of_another_mlflow_is_said_to_be_so_with_the_command_that_upgrades_it(
    store: Store, run_here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_here(*command)
    said = done.stdout + done.stderr
    assert "was written by another MLflow than is installed here" in " ".join(said.split())
    assert "mlflow db upgrade sqlite:///" in " ".join(said.split())
    assert "Traceback" not in said


def test_a_database_that_is_given_by_a_relative_address_is_mirrored_to(
    run_here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "runs").save_spec("demo", load("demo", ["grid.seed=[0]"]).to_yaml())
    done = run_here("track", "demo", MLFLOW_TRACKING_URI="sqlite:///mlflow.db")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mlflow.db").is_file()


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that expects to be asked under another name than 127.0.0.1."""
    server = Server(tmp_path_factory.mktemp("server"), None, "--allowed-hosts", "tracker.example.org")
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.mark.slow
def test_a_server_that_does_not_know_its_name_says_so_itself(refusing: Server, run_here: Command) -> None:
    with pytest.raises(Exception, match="403") as raised:
        log_in(refusing.uri)
    found = problem(refusing.uri, raised.value)
    assert "Invalid Host header" in found.message
    assert "login" not in found.message
    assert found.next.startswith(f"on its host: mlflow server --allowed-hosts 127.0.0.1:{refusing.port}")
    done = run_here("doctor", "--tracking-uri", refusing.uri)
    assert "--allowed-hosts" in done.stdout


class Refusal(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self._status = status

    def get_http_status_code(self) -> int:
        return self._status


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (Refusal(401, "You are not authenticated"), "refuses the login", "set MLFLOW_TRACKING_USERNAME"),
        (Refusal(403, "... Response body: 'Permission denied'"), "Permission denied", "ask who runs it"),
        (OSError(111, "Connection refused"), "does not answer (Connection refused)", "start it there"),
        (ValueError(), "does not answer (ValueError)", "start it there"),
    ],
)
def test_each_refusal_has_its_own_words(error: Exception, message: str, remedy: str) -> None:
    found = problem("http://there:5000", error)
    assert message in found.message
    assert found.next.startswith(remedy)

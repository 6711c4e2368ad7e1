"""Starting Ray on this machine: the length of its paths, one more try, an address that is ignored."""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from rich.console import Console

from sweep.cluster import connection
from sweep.cluster.socket_path import LONGEST_BYTES, LONGEST_SOCKET, check_socket_path
from sweep.errors import ClusterUnusable
from tests.commands import Command


@pytest.fixture
def long(tmp_path: Path) -> Iterator[str]:
    """A folder whose path has 85 bytes."""
    folder = Path("/tmp") / ("a" * (80 - len(tmp_path.name)) + tmp_path.name)
    folder.mkdir(exist_ok=True)
    yield str(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
def test_a_temporary_folder_with_too_long_a_path_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, long: str, variable: str
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv(variable, long)
    most = LONGEST_BYTES - len(f"/sweep-{os.getuid()}/{LONGEST_SOCKET}")
    with pytest.raises(ClusterUnusable, match=rf"{variable} {long}: 85 bytes .* allowed are {most}") as raised:
        check_socket_path()
    assert "RAY_TMPDIR=/tmp" in str(raised.value.next)
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    check_socket_path()


def test_ray_itself_refuses_the_first_path_that_is_too_long() -> None:
    from ray._private.utils import validate_socket_filepath

    fits = "/" + "a" * (LONGEST_BYTES - len(f"//{LONGEST_SOCKET}"))
    validate_socket_filepath(f"{fits}/{LONGEST_SOCKET}")
    with pytest.raises(OSError, match="AF_UNIX path length"):
        validate_socket_filepath(f"{fits}a/{LONGEST_SOCKET}")


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_run_and_doctor_say_alike_that_the_path_is_too_long(
    run_here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: str, command: str
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    done = run_here(command, "demo", "--store", str(tmp_path / "runs"), RAY_TMPDIR=long)
    assert done.returncode == 7, done.stderr
    assert "85 bytes are too long a path for Ray's sockets" in done.stderr
    assert "RAY_TMPDIR=/tmp" in done.stderr
    assert "token" not in done.stderr


def test_doctor_says_that_an_address_in_the_environment_is_ignored(run_here: Command, tmp_path: Path) -> None:
    done = run_here("doctor", "--store", str(tmp_path / "runs"), RAY_ADDRESS="127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert "RAY_ADDRESS=127.0.0.1:1 is ignored: --address 127.0.0.1:1 uses that cluster" in " ".join(
        done.stdout.split()
    )


Start = Callable[[list[Exception]], str]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts Ray, which fails in these ways one after the other; what was said."""

    def run(failures: list[Exception]) -> str:
        said = io.StringIO()

        def init(**settings: Any) -> None:
            if failures:
                raise failures.pop(0)

        monkeypatch.setattr(connection, "_init", init)
        monkeypatch.setattr(ray, "shutdown", lambda: None)
        with connection.connected(None, Path("folder"), Console(file=said, width=500)):
            pass
        return said.getvalue()

    return run


def test_a_start_that_fails_once_is_tried_once_more(start: Start) -> None:
    said = start([TimeoutError("the node did not register\nand more")])
    assert said == "Ray did not start (the node did not register): trying once more\n"


@pytest.mark.parametrize(
    ("load", "message", "remedy"),
    [
        (99.0, "timed out", "the machine is busy (load 99 on"),
        (0.0, "timed out", "Ray's logs are in"),
        (99.0, "no token was found", "the same without RAY_AUTH_MODE"),
    ],
)
def test_a_start_that_fails_twice_names_the_likely_cause(
    start: Start, monkeypatch: pytest.MonkeyPatch, load: float, message: str, remedy: str
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    with pytest.raises(ClusterUnusable, match=f"Ray cannot be started on this machine: {message}") as raised:
        start([TimeoutError("first"), TimeoutError(message)])
    assert str(raised.value.next).startswith(remedy)

"""Another user of the host: nothing of ours is written or read through what they made, nor open to them."""

import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweep.cluster.run_folder import run_folder
from sweep.errors import UsageError
from sweep.store import Store
from sweep.system.private_folder import NotOurs, opened_file, private_path
from sweep.trial.log_capture import Output, path_on_host, rescue
from tests.commands import Command
from tests.listeners import Listener, listeners, open_to_others
from tests.processes import ONE_AT_A_TIME, descendants, finish, in_mid_training, program, wait_until
from tests.struck import Sweeps

NOBODY = 65534
SPEC = """
name: heard
fixed: {dataset: digits, depth: 3, width: 4, epochs: 30, seed: 0}
grid: {architecture: [mlp, shortcut]}
resources: {gpus: 0, cpus: 1}
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="acts as another user, which takes root")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder as /tmp is: everyone may create in it, and delete what is their own."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    for above in folder.parents:
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    return folder


def as_nobody(act: Callable[[], str]) -> str:
    """What a function returns in a process of another user."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writing, act().encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


def link(folder: Path, name: str, victim: Path) -> Callable[[], str]:
    """Makes a folder into which everyone may write, with a link to a file of ours."""

    def act() -> str:
        folder.mkdir()
        folder.chmod(0o777)
        (folder / name).symlink_to(victim)
        return "made"

    return act


def connect(paths: Iterable[str]) -> Callable[[], str]:
    """Tries to connect to sockets; says of each how that went."""

    def attempt(path: str) -> str:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
            except OSError as error:
                return str(error.strerror)
        return "connected"

    return lambda: ", ".join(map(attempt, paths))


@needs_root
def test_links_of_another_user_lead_to_nothing_that_is_written_or_read(shared: Path, tmp_path: Path) -> None:
    store, victim = Store(tmp_path / "runs"), tmp_path / "victim"
    victim.write_text("ours")
    path = path_on_host(store.root, "p", 1)
    assert as_nobody(link(path.parent, path.name, victim)) == "made"
    log = Output(path, lambda data: store.save_log("p", 1, data))
    log.start()
    print("printed")
    log.save()
    log.stop()
    rescue(store, "p", 1)
    assert victim.read_text() == "ours"
    assert store.log("p", 1) == ""


@needs_root
def test_a_run_refuses_a_folder_of_another_user_with_the_remedy(
    shared: Path, tmp_path: Path, run_here: Command
) -> None:
    assert as_nobody(link(private_path(), "any", tmp_path)) == "made"
    allowed = r"sweep-0 is a folder of nobody with mode 0777; allowed is a folder of root with mode 0700"
    with pytest.raises(UsageError, match=allowed) as refused:
        run_folder()
    assert "TMPDIR=FOLDER" in str(refused.value.next)
    done = run_here("run", "demo", "--store", str(tmp_path / "runs"))
    assert done.returncode == 2, done.stderr
    assert "sweep-0 is a folder of nobody" in done.stderr


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(mode=0o777) or path.chmod(0o777),
        lambda path: path.symlink_to(path.parent),
        lambda path: path.write_text(""),
    ],
    ids=["writable by others", "a link", "a file"],
)
def test_what_others_could_have_changed_is_refused_though_it_is_ours(
    shared: Path, make: Callable[[Path], object]
) -> None:
    make(private_path())
    with pytest.raises(NotOurs, match="with mode 0700"):
        opened_file(private_path() / "log", os.O_RDWR, create=True)


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_link_in_our_own_folder_is_not_followed(shared: Path, tmp_path: Path, kind: str) -> None:
    victim, path = tmp_path / "victim", private_path() / "log"
    victim.write_text("ours")
    path.parent.mkdir(mode=0o700)
    (path.symlink_to if kind == "symbolic" else path.hardlink_to)(victim)
    with pytest.raises(OSError, match=r"log|symbolic link"):
        opened_file(path, os.O_TRUNC | os.O_RDWR, create=True)
    assert victim.read_text() == "ours"


def test_an_older_folder_that_others_could_look_into_is_closed_to_them(shared: Path) -> None:
    private_path().mkdir(mode=0o755)
    private_path().chmod(0o755)
    os.close(opened_file(private_path() / "log", os.O_RDWR, create=True))
    assert stat.S_IMODE(private_path().stat().st_mode) == 0o700


@dataclass
class Run:
    """A run: how it ended, on what it listened from its start to its end, and what others could do in mid-training."""

    code: int
    stderr: str
    listeners: set[Listener]
    sockets: list[str]
    nobody: str
    without_token: list[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A real run, with MLflow's mirror, that was tried to be reached while its training was held."""
    sweeps = Sweeps.in_folder(tmp_path_factory.mktemp("held"))
    sweeps.hold()
    driver, found = sweeps.start("run", sweeps.spec(SPEC), *ONE_AT_A_TIME), set[Listener]()

    def has_begun() -> bool:
        found.update(listeners(driver))
        return in_mid_training(sweeps.store)

    wait_until(has_begun, driver)
    try:
        below = descendants(driver)
        (gcs,) = [one for one in below if "gcs_server" in " ".join(one.cmdline()[:1])]
        ports = {link.laddr.port for link in gcs.net_connections("tcp") if link.status == "LISTEN"}
        sockets = {
            link.laddr for one in below for link in one.net_connections("unix") if str(link.laddr).startswith("/")
        }
        nobody = as_nobody(connect(sorted(sockets))) if os.geteuid() == 0 else ""
        answers = [answer_without_token(port, sweeps.folder) for port in ports]
    finally:
        sweeps.release()
        while driver.poll() is None:
            found.update(listeners(driver))
            time.sleep(0.2)
    return Run(*finish(driver), found, sorted(sockets), nobody, answers)


def answer_without_token(port: int, home: Path) -> str:
    """What a client without a token is told at a port of Ray."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    command = program("check_reachable", f"127.0.0.1:{port}")
    asked = subprocess.run(
        command, env=environment | {"HOME": str(home)}, capture_output=True, text=True, timeout=200, check=False
    )
    return asked.stderr


@needs_root
@pytest.mark.slow
def test_a_run_is_closed_to_other_users_of_the_host(run: Run) -> None:
    assert any("plasma_store" in path for path in run.sockets), run.sockets
    assert "connected" not in run.nobody
    assert "Permission denied" in run.nobody
    assert any("token" in answer for answer in run.without_token), run.without_token
    token = Path.home() / ".ray" / "auth_token"
    assert not token.exists() or stat.S_IMODE(token.stat().st_mode) == 0o600


@pytest.mark.slow
def test_a_run_with_all_that_it_starts_listens_on_loopback_only(run: Run) -> None:
    assert run.code == 0, run.stderr
    assert {"gcs_server", "raylet"} <= {name for name, _ in run.listeners}
    assert open_to_others(run.listeners) == set()

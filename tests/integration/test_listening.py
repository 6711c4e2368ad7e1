"""Nothing that the project starts can be reached from another machine: every socket listens on loopback."""

import contextlib
import ipaddress
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sweep.store import Store, load
from sweep.tracking.mirror import Mirror
from tests.processes import ONE_AT_A_TIME, descendants, finish, start
from tests.servers import free_port
from trainables.config import TrialConfig
from trainables.records import PointResult

pytestmark = pytest.mark.slow

SPEC = """
name: heard
fixed: {dataset: digits, depth: 3, width: 4, epochs: 30, seed: 0}
grid: {architecture: [mlp, shortcut]}
resources: {gpus: 0, cpus: 1}
"""
Listener = tuple[str, str]
"""The program, and the address on which it listens."""


def listeners(process: subprocess.Popen[str]) -> set[Listener]:
    """Every socket on which the process, or one below it, takes what comes: TCP that listens, UDP of no one peer."""
    found: set[Listener] = set()
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (psutil.Process(process.pid), *descendants(process)):
            with contextlib.suppress(psutil.NoSuchProcess):
                for socket in one.net_connections("inet"):
                    if socket.status in (psutil.CONN_LISTEN, psutil.CONN_NONE) and not socket.raddr:
                        found.add((one.name(), socket.laddr.ip))
    return found


def open_to_others(found: set[Listener]) -> set[Listener]:
    return {one for one in found if not ipaddress.ip_address(one[1].removeprefix("::ffff:")).is_loopback}


def test_a_run_with_all_that_it_starts_listens_on_loopback_only(tmp_path: Path) -> None:
    (tmp_path / "heard.yaml").write_text(SPEC)
    process = start("run", str(tmp_path / "heard.yaml"), "--store", str(tmp_path / "runs"), *ONE_AT_A_TIME)
    found: set[Listener] = set()
    while process.poll() is None:
        found |= listeners(process)
        time.sleep(0.2)
    code, stderr = finish(process)
    assert code == 0, stderr
    assert {"gcs_server", "raylet"} <= {name for name, _ in found}
    assert open_to_others(found) == set()


def test_the_ui_listens_on_loopback_only(tmp_path: Path, result: Callable[[TrialConfig], PointResult]) -> None:
    spec, store, port = load("demo", ["grid.seed=[0]", "grid.width=[8]"]), Store(tmp_path / "runs"), free_port()
    store.commit_result(spec.points[0], result(spec.points[0]))
    Mirror(f"sqlite:///{tmp_path}/runs/mlflow.db", spec, store).replay(spec.points[:1])
    process = start("ui", "--store", str(store.root), "--port", str(port))
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        found = listeners(process)
    finally:
        below = descendants(process)
        process.terminate()
        process.communicate(timeout=60)
        for one in psutil.wait_procs(below, timeout=20)[1]:
            one.kill()
    assert found
    assert open_to_others(found) == set()


def _wait_for(address: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=1).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}")

"""A Ray cluster of one head for tests: token authentication on, its dashboard on localhost, and nothing left of it."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import kill_with_descendants
from tests.servers import free_port

ROOT = Path(__file__).parent.parent
READY_SECONDS = 120.0
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_worker_niceness": "0",  # else other tests on the same cores starve trials
}


@dataclass(frozen=True)
class Head:
    """A running head: the address of its dashboard, the token it wants, and the folder of its logs."""

    address: str
    token: str
    folder: Path

    @property
    def client(self) -> dict[str, str]:
        """What a client of it has in its environment."""
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}


@contextmanager
def head(cpus: int, **environment: str) -> Iterator[Head]:
    """A head with so many CPUs and the project as it is here, while in the block; started as in a script, with `&`."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # sockets below it allow no long path
    port, token = free_port(), secrets.token_hex(32)
    started = Head(f"http://127.0.0.1:{port}", token, folder)
    options = {
        "node-ip-address": "127.0.0.1",
        "port": free_port(),
        "dashboard-host": "127.0.0.1",
        "dashboard-port": port,
        "dashboard-agent-listen-port": free_port(),
        "num-cpus": cpus,
        "num-gpus": 0,
        "object-store-memory": 100_000_000,
        "temp-dir": folder,
    }
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats"]
    words = [f"--{name}={value}" for name, value in options.items()]
    with open(folder / "start.log", "wb") as log:
        process = subprocess.Popen(
            [*command, *words],
            env=_environment(environment | started.client),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
    try:
        _wait_until_ready(started, process)
        yield started
    finally:
        kill_with_descendants(process)  # in order, Ray's agents would take half a minute
        shutil.rmtree(folder, ignore_errors=True)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """As a shell on the head would have it: this Python first on the path, none of this machine's own settings."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SWEEP_", "MLFLOW_", "RAY_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return inherited | {"PATH": path, "PYTHONPATH": str(ROOT)} | SETTINGS | dict(more)


def _wait_until_ready(started: Head, process: "subprocess.Popen[bytes]") -> None:
    asked = urllib.request.Request(f"{started.address}/api/jobs/", headers={"Authorization": f"Bearer {started.token}"})
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(asked, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((started.folder / "start.log").read_text()) from None
            time.sleep(0.2)

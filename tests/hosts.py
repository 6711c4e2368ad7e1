"""Hosts of their own on one machine: network namespaces on a bridge, each with its own /tmp, /dev/shm and host name."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.processes import program

NETWORK = "10.77.0"
BRIDGE = "sweepbr0"
RAY = [sys.executable, "-m", "ray.scripts.scripts"]
RAY_PORT, DASHBOARD_PORT = 6379, 8265
OWN_FOLDERS = (Path("/tmp"), Path("/dev/shm"))
"""Folders that are empty on every host at first: what lies there on the machine is not seen."""


class Host:
    """One of them; number 0 is the machine itself, on the same bridge."""

    def __init__(self, number: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.name, self.address = f"sweep{number}", f"{NETWORK}.{number + 1}"
        self._log, self._environment = folder / f"{self.name}.log", environment
        self._process: subprocess.Popen[bytes] | None = None
        self._link = f"sweepv{number}"

    def make(self) -> None:
        """The host and its link; what an earlier run left of it is removed."""
        self.remove()
        _ip("netns", "add", self.name)
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._link, "master", BRIDGE, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", device, "up")

    def start(self, *ray: str) -> None:
        """Keep `ray start` with these options running there: what ends is started again, as a service manager does."""
        own = "; ".join([f"hostname {self.name}", *(f"mount -t tmpfs tmpfs {folder}" for folder in OWN_FOLDERS)])
        forever = f'while true; do "$@" >> {self._log} 2>&1; sleep 2; done'
        shell = ["unshare", "--mount", "--uts", "sh", "-c", f"{own}; {forever}", "sh"]
        command = [*RAY, "start", "--block", "--disable-usage-stats", f"--node-ip-address={self.address}", *ray]
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *shell, *command], env=dict(self._environment), start_new_session=True
        )

    def log_end(self) -> str:
        """The end of what its programs have said."""
        said = self._log.read_text(errors="replace") if self._log.exists() else ""
        return f"{self.name} said:\n{said.strip()[-2000:] or 'nothing'}"

    def cut(self) -> None:
        """Pull the cable."""
        _ip("link", "set", self._link, "down")

    def mend(self) -> None:
        """Put it back."""
        _ip("link", "set", self._link, "up")

    def remove(self) -> None:
        """End every process there, and the host."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        pids = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False).stdout
        for pid in pids.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        for one in ("link", "delete", self._link), ("netns", "delete", self.name):
            subprocess.run(["ip", *one], check=False, capture_output=True)


@contextlib.contextmanager
def hosts(count: int, folder: Path, environment: Mapping[str, str]) -> Iterator[list[Host]]:
    """So many hosts, whose programs log to the folder; the test is skipped where they cannot be made."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2")
    if unseen := not_seen([Path(__file__).parents[1], Path(sys.prefix), Path(sys.base_prefix), folder]):
        pytest.skip(f"hosts have a /tmp and a /dev/shm of their own, and would not see {unseen[0]}")
    all_hosts = [Host(number, folder, environment) for number in range(count)]
    try:
        try:
            _remove_bridge()
            _ip("link", "add", BRIDGE, "type", "bridge")
            _ip("address", "add", f"{NETWORK}.254/24", "dev", BRIDGE)
            _ip("link", "set", BRIDGE, "up")
            for host in all_hosts:
                host.make()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
        yield all_hosts
    finally:
        for host in all_hosts:
            host.remove()
        _remove_bridge()


def not_seen(paths: Sequence[Path]) -> list[Path]:
    """Those of the paths that lie, or lead, into folders that every host has of its own."""
    return [
        path for path in paths if any(one.is_relative_to(own) for one in (path, path.resolve()) for own in OWN_FOLDERS)
    ]


def wait_for_ray(dashboard: str, nodes: Sequence[Host], environment: Mapping[str, str], seconds: float = 180.0) -> None:
    """Wait until Ray behind that dashboard has as many nodes as there are hosts; over HTTP, as this machine is none."""
    deadline, said = time.monotonic() + seconds, "it was never asked"
    while time.monotonic() < deadline:
        done = subprocess.run(
            program("count_nodes", dashboard), env=dict(environment), capture_output=True, text=True, check=False
        )
        if done.stdout.strip() == str(len(nodes)):
            return
        said = done.stdout + done.stderr
        time.sleep(1)
    logs = "\n".join(node.log_end() for node in nodes)
    raise TimeoutError(f"no cluster of {len(nodes)} nodes behind {dashboard}: {said[-2000:]}\n{logs}")


def _remove_bridge() -> None:
    subprocess.run(["ip", "link", "delete", BRIDGE], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)

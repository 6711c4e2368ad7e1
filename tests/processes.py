"""The `sweep` command as a process of its own, for tests that signal, kill and wait."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

TIMEOUT_SECONDS = 900
ONE_AT_A_TIME = ("--max-concurrent", "1")
"""Where it is not about trials beside each other: a second process takes longer to start than these sweeps to train."""
COMMAND = [sys.executable, "-c", "from analysis.cli import main; main()"]
UNTRAINED = "snapshot-000000000"
PROGRAMS = Path(__file__).parent / "programs"


def program(name: str, *arguments: str) -> list[str]:
    """The command line that runs a file of `tests/programs`."""
    return [sys.executable, str(PROGRAMS / f"{name}.py"), *arguments]


def imported_with(*modules: str, of: set[str]) -> set[str]:
    """Which of these names a process has imported after it imported the modules."""
    command = program("imported_with", ",".join(modules), ",".join(of))
    return set(subprocess.run(command, check=True, capture_output=True, text=True, timeout=500).stdout.split())


def bare_environment() -> dict[str, str]:
    """The environment of a user who set nothing of `sweep`, MLflow or Ray."""
    settings = ("SWEEP_", "MLFLOW_", "RAY_ADDRESS")
    return {name: value for name, value in os.environ.items() if not name.startswith(settings)}


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A `sweep` command, started, with snapshots every fifth of a second."""
    variables = os.environ | {"SWEEP_SNAPSHOT_SECONDS": "0.2"} | environment
    return subprocess.Popen(
        [*COMMAND, *arguments], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str], seconds: float = TIMEOUT_SECONDS) -> tuple[int, str]:
    """The exit code, and what was printed on stderr."""
    _, stderr = process.communicate(timeout=seconds)
    return process.returncode, stderr


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for a condition while the process lives."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_of_trained_network(name: str) -> bool:
    """Whether an object of this name is a snapshot of a later epoch than 0."""
    return name.startswith("snapshot-") and name != UNTRAINED


def in_mid_training(store: Path) -> bool:
    """Whether a training in the store would go on from a later epoch than 0."""
    return any(is_of_trained_network(path.name) for path in store.glob("points/*/*"))


def progress(store: Path) -> set[Path]:
    """What trials have committed of their trainings."""
    return {*store.glob("points/*/snapshot-*"), *store.glob("points/*/result")}


def descendants(process: "subprocess.Popen[Any]") -> list[psutil.Process]:
    """Every process below this one."""
    return psutil.Process(process.pid).children(recursive=True)


def kill_with_descendants(process: "subprocess.Popen[Any]") -> None:
    """SIGKILL a process and every process below it, and wait for their ends."""
    below = descendants(process) if process.poll() is None else []
    process.kill()
    for one in below:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(below, timeout=10)
    process.wait()


def without_agents(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without Ray's own agents, which look for their raylet a few times more before they end."""
    others = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if "agent" not in " ".join(process.cmdline()[:3]).lower():
                others.append(process)
    return others


def alive(processes: list[psutil.Process], within_seconds: float) -> list[psutil.Process]:
    """Those that have not ended after so long."""
    return psutil.wait_procs(processes, timeout=within_seconds)[1]

"""Threads are pinned before Keras starts, and really are what computes; a description says what it all was."""

import json
import os
import platform
import socket
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import program
from trainables import device
from trainables.identity.components import identities

THREAD_SETTINGS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC", "PJRT_NPROC")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An empty environment in place of this process' own."""
    empty: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", empty)
    return empty


@pytest.mark.parametrize("threads", [1, 7])
def test_pin_sets_the_threads_of_every_library(environment: dict[str, str], threads: int) -> None:
    environment["OMP_NUM_THREADS"] = "64"
    device.pin(threads)
    assert {environment[name] for name in THREAD_SETTINGS} == {str(threads)}
    assert environment["TF_NUM_INTEROP_THREADS"] == "1"


def test_memory_on_a_gpu_is_taken_as_needed_unless_the_user_says_otherwise(environment: dict[str, str]) -> None:
    environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "false"
    device.pin(1)
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "false"
    assert environment["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"


@pytest.fixture(scope="module")
def pinned() -> dict[int, dict[str, Any]]:
    """What processes pinned to 1 and 2 threads report after the same training steps, by threads."""
    processes = {
        threads: subprocess.Popen(
            program("thread_times", str(threads)),
            env=os.environ | {"KERAS_BACKEND": "tensorflow"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for threads in (1, 2)
    }
    outputs = {threads: process.communicate(timeout=500)[0] for threads, process in processes.items()}
    assert [process.returncode for process in processes.values()] == [0, 0]
    return {threads: json.loads(output.splitlines()[-1]) for threads, output in outputs.items()}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="per-thread times come from /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two threads need two processors to be told from one")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_training_step_is_computed_by_as_many_threads_as_were_pinned(
    pinned: dict[int, dict[str, Any]], threads: int
) -> None:
    """A thread counts when it did at least a tenth of the work; the rest is the interpreter and bookkeeping."""
    report = pinned[threads]
    if report["described"]["device"] != "cpu":
        pytest.skip("the steps ran on an accelerator")
    spent = report["spent"]
    assert sum(spent) >= 20
    assert sum(ticks > 0.1 * sum(spent) for ticks in spent) == threads


@pytest.mark.slow
def test_a_description_is_flat_text_and_numbers_that_json_can_hold(
    pinned: dict[int, dict[str, Any]],
) -> None:
    for threads, report in pinned.items():
        found = report["described"]
        assert set(found) == {
            *("backend", "device", "driver", "threads", "cpus", "host", "pid", "system", "python", "packages"),
            *("code_sha256", "components", "settings"),
        }
        assert (found["backend"], found["threads"]) == ("tensorflow", threads)
        assert found["host"] == socket.gethostname()
        assert found["python"] == platform.python_version()
        assert found["device"]
        assert {"keras", "numpy", "numba", "mi-sweep", "tensorflow"} <= set(found["packages"])
        assert all(isinstance(version, str) for version in found["packages"].values())
        assert found["components"] == identities()


def test_a_description_is_of_this_process() -> None:
    found = device.describe(3)
    assert (found["threads"], found["pid"]) == (3, os.getpid())

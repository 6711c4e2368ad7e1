"""Two deaths in a row, of any two processes of a run: the same command finishes the sweep, and nothing is lost."""

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import psutil
import pytest

from benchmarks.soak_strikes import kill, victims
from sweep.store import Store
from sweep.tracking.settings import default_tracking_uri
from tests.epoch_tables import epochs, undisturbed
from tests.mirrored import assert_equal_to_the_store, runs
from tests.processes import (
    ONE_AT_A_TIME,
    alive,
    descendants,
    finish,
    is_of_trained_network,
    progress,
    wait_until,
    without_agents,
)
from tests.struck import Sweeps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SPEC = """
name: struck
fixed: {dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 200}
grid: {seed: 0..1}
measure: {every: 10, samples: 100}
resources: {gpus: 0, cpus: 1}
"""
KINDS = ("worker", "driver", "raylet", "gcs")
DELAYS = (0.0, 0.5, 2.0, 5.0)
"""Seconds between the first death and the second."""
EACH_KIND_FIRST = [("worker", "driver"), ("gcs", "worker"), ("driver", "raylet"), ("raylet", "gcs"), ("host", "none")]
"""What dies first and second, in turn over one sweep that is interrupted each time; a death of the host is one of
everything."""
EVERY_PAIR = [(first, second) for first in KINDS for second in (*KINDS, "host") if first != second]
EVERY_PAIR += [("worker", "worker"), ("host", "none")]


def below(driver: psutil.Process) -> list[psutil.Process]:
    return driver.children(recursive=True) if driver.is_running() else []


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(EACH_KIND_FIRST, id="each kind first"),
        pytest.param(EVERY_PAIR, id="every pair", marks=pytest.mark.cluster),
    ],
)
def test_the_same_command_goes_on_from_the_last_snapshots(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.hold()
    spec = sweeps.spec(SPEC)
    command = ("run", spec, *ONE_AT_A_TIME)
    for (first, second), delay in zip(pairs, itertools.cycle(DELAYS)):
        strike(sweeps, command, first, second, delay)
    sweeps.release()
    assert sweeps.run("track", "struck").returncode == 0  # alone it ends the runs of a driver that is gone
    store, uri = Store(sweeps.store), default_tracking_uri(str(sweeps.store))
    assert "RUNNING" not in {run.info.status for run in runs(uri, store.spec("struck"))}

    again = sweeps.run(*command)
    assert again.returncode == 0, again.stderr
    expected = undisturbed(spec, tmp_path / "undisturbed")
    pd.testing.assert_frame_equal(epochs(sweeps.store), expected, check_exact=True)
    assert any(one.from_epoch > 0 for state in sweeps.states().values() for one in state.attempts)
    assert_equal_to_the_store(uri, store.spec("struck"), store)
    once_more = sweeps.run(*command)
    assert once_more.returncode == 0
    assert "0 to run" in once_more.stderr


def strike(sweeps: Sweeps, command: Sequence[str], first: str, second: str, delay: float) -> None:
    """Give the command, and kill the one and then the other once a training has got further than it was."""
    before = progress(sweeps.store)
    process = sweeps.start(*command)
    wait_until(lambda: any(is_of_trained_network(one.name) for one in progress(sweeps.store) - before), process)
    driver, seen = psutil.Process(process.pid), descendants(process)
    assert kill(victims(first, driver.pid, seen)) > 0
    time.sleep(delay)
    seen += [one for one in below(driver) if one not in seen]
    kill(victims(second, driver.pid, seen))
    if process.poll() is None and not {"driver", "host", "raylet", "gcs"} & {first, second}:
        kill(victims("driver", driver.pid, seen))
    code, said = finish(process)
    assert code in (-9, 5, 7), (first, second, said)
    assert alive(without_agents(seen), 60) == [], (first, second)

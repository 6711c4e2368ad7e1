"""Trials reuse their processes until these are worn; then a new process goes on, and no point notices."""

from collections import Counter
from pathlib import Path

import pytest

from sweep.store import State, Store
from tests.clusters import nodes
from tests.processes import finish, start
from tests.struck import Sweeps

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

SPEC = """
name: many
fixed: {dataset: digits, width: 2, depth: 2, epochs: 2}
grid: {seed: 0..4}
measure: {pairs: [first-last]}
resources: {gpus: 0, cpus: 1}
"""
POINTS = 5


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_a_worn_process_is_replaced_and_every_point_is_finished_at_its_first_attempt(
    tmp_path: Path, at_a_time: int
) -> None:
    spec, folder = tmp_path / "many.yaml", tmp_path / "runs"
    spec.write_text(SPEC)
    options = ["--store", str(folder), "--max-concurrent", str(at_a_time)]
    code, stderr = finish(start("run", str(spec), *options, SWEEP_POINTS_PER_PROCESS="2"))
    assert code == 0, stderr
    assert "failed" not in stderr
    points = points_of_processes(folder)
    assert max(points) == 2
    assert len(points) == 3 if at_a_time == 1 else len(points) >= 3


@pytest.mark.faults
def test_a_cluster_where_points_wait_in_a_queue_replaces_worn_processes_too(sweeps: Sweeps) -> None:
    sweeps.strike("nothing")
    sweeps.environment["SWEEP_POINTS_PER_PROCESS"] = "2"
    with nodes(sweeps) as cluster:
        done = sweeps.run("run", sweeps.spec(SPEC), "--address", cluster.address)
    assert done.returncode == 0, done.stderr
    points = points_of_processes(sweeps.store)
    assert max(points) == 2
    assert len(points) >= 3


def points_of_processes(folder: Path) -> list[int]:
    """How many points each process has computed, all of which are finished at their first attempt."""
    store = Store(folder)
    states = [store.state(point) for point in store.spec("many").points]
    assert [state.state for state in states] == [State.FINISHED] * POINTS
    assert [len(state.attempts) for state in states] == [1] * POINTS
    return list(Counter(state.provenance["pid"] for state in states).values())

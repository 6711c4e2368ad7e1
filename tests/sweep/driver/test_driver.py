"""A whole run of a driver without Ray: its executor trains in this process."""

import io
import os
from pathlib import Path

import pytest

from sweep.errors import Interrupted, PointsFailed
from sweep.spec import SweepSpec
from sweep.store import State, Store, load
from sweep.trial.worker_state import WorkerState
from tests.drivers import driver
from tests.processes import imported_with

SPEC = """
name: tiny
fixed: {dataset: digits, width: 2, depth: 2, epochs: 2}
grid: {seed: 0..1}
measure: {pairs: [first-last]}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture
def spec(tmp_path: Path) -> SweepSpec:
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return load(str(path), [])


def test_every_point_gets_its_result_in_this_process(spec: SweepSpec, tmp_path: Path) -> None:
    said = io.StringIO()
    driver(spec, tmp_path / "runs", said).run()
    assert "tiny: 2 points (2 missing), 2 to run\n1 at a time, 1 CPU each\ntiny: 2 finished\n" in said.getvalue()
    store = Store(tmp_path / "runs")
    for point in spec.points:
        state = store.state(point)
        assert (state.state, len(state.attempts)) == (State.FINISHED, 1)
        assert state.provenance["pid"] == os.getpid()
        assert state.provenance["sweep"] == "tiny"
        assert "finished at epoch 2" in store.log(point.point_id, 1)
    driver(spec, tmp_path / "runs", said).run()
    assert "tiny: 2 points (2 finished), 0 to run\ntiny: 2 finished\n" in said.getvalue()


def test_a_failure_of_memory_is_retried_once_with_more_room(
    spec: SweepSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError("no memory")

    monkeypatch.setattr(WorkerState, "dataset", no_memory)
    said = io.StringIO()
    with pytest.raises(PointsFailed, match="2 of 2 points failed"):
        driver(spec, tmp_path / "runs", said).run()
    assert "to run again: 2 failed points, with more room for each" in said.getvalue()
    store = Store(tmp_path / "runs")
    for point in spec.points:
        failures = [one.failure for one in store.attempts(point.point_id)]
        assert [one.kind if one else None for one in failures] == ["resource", "resource"]


def test_a_run_that_is_stopped_keeps_what_was_trained_and_goes_on(spec: SweepSpec, tmp_path: Path) -> None:
    first = driver(spec, tmp_path / "runs")
    report = first._session.reported

    def stop_at_epoch_1(point: object, found: dict[str, object]) -> None:
        report(point, found)  # type: ignore[arg-type]
        if found["epoch"] == 1:
            first._session.stopping.set()

    first._session.reported = stop_at_epoch_1  # type: ignore[assignment, method-assign]
    with pytest.raises(Interrupted, match="stopped with 2 points to go"):
        first.run()
    store = Store(tmp_path / "runs")
    states = [store.state(point) for point in spec.points]
    assert [(state.state, state.epochs_done) for state in states] == [(State.INTERRUPTED, 1), (State.MISSING, 0)]
    driver(spec, tmp_path / "runs").run()
    assert [store.state(point).state for point in spec.points] == [State.FINISHED] * 2


def test_neither_the_driver_nor_this_executor_imports_ray() -> None:
    assert imported_with("sweep.driver", "sweep.driver.in_process", of={"ray"}) == set()

"""A store from before kept specs and attempts had checksums, of the first schema: it opens, and goes on."""

import shutil
from pathlib import Path

from analysis.tables import from_store
from sweep.store import Attempt, State, Store
from tests.conftest import make_result

STORE = Path(__file__).parent.parent / "fixtures" / "store_before_checksums"


def test_none_of_its_specs_and_attempts_has_a_checksum() -> None:
    for path in (*STORE.rglob("spec.yaml"), *STORE.rglob("attempt-*")):
        assert b"sha256" not in path.read_bytes(), path


def test_it_opens_and_is_finished_by_this_version(tmp_path: Path) -> None:
    """One point of each state; kept as it was written then, never written anew."""
    store = Store(Path(shutil.copytree(STORE, tmp_path / "runs")))
    points = store.spec("old").points
    states = [store.state(point) for point in points]
    assert [one.state for one in states] == [State.FINISHED, State.INTERRUPTED, State.FAILED, State.DIVERGED]
    assert [one.epochs_done for one in states] == [2, 1, 0, 1]
    assert [len(one.attempts) for one in states] == [1, 1, 1, 1]
    assert [record.pairs[0].mutual_information_bits for record in states[0].history] == [1.0, 2.0, 3.0]
    assert [record.test_error for record in states[1].history] == [0.9, 0.45]
    assert states[2].failure is not None
    assert states[2].failure.message == "ValueError: no"
    snapshot = store.snapshot(points[1])
    assert snapshot is not None
    assert snapshot.variables[0].tolist() == [0, 1, 2, 3]
    tables = from_store(store, "old")
    assert tables.points.to_pandas().state.tolist() == ["finished", "interrupted", "failed", "diverged"]
    assert [store.quarantine(point) for point in points] == [[], [], [], []]
    assert store.begin_attempt(points[1].point_id, Attempt(0, "now", "here", 1, {})).number == 2
    store.commit_result(points[1], make_result(points[1]))
    assert store.state(points[1]).state is State.FINISHED

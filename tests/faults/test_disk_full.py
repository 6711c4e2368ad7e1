"""Full disks: refused before the start, or exit 6; what was committed stays, and one rerun completes it."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweep.errors import StorageFault
from sweep.planning import disk_space
from sweep.planning.disk_space import SpaceNeed, check, full_is_a_storage_fault, history_bytes, needs, snapshot_bytes
from sweep.storage import fullness, mount_point
from sweep.store import Store
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from tests.conftest import make_history
from tests.disks import fill, small_disk
from tests.faults.steps import no_space
from tests.processes import finish, start
from trainables.config import Measurement, TrialConfig
from trainables.records import history_to_arrow
from trainables.snapshots import Snapshot

POINTS = [
    TrialConfig(architecture=architecture, width=width, depth=depth, epochs=epochs, optimizer=optimizer)
    for architecture, width, depth, epochs, optimizer in (
        ("mlp", 2, 2, 1, "sgd"),
        ("shortcut", 30, 4, 50, "rmsprop"),
        ("resnet", 100, 5, 3, "adam"),
        ("shortcut_resnet", 16, 8, 1, "rmsprop"),
    )
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_estimate_is_not_below_what_is_written_nor_far_above(point: TrialConfig) -> None:
    from trainables import datasets
    from trainables.training import Training

    training = Training(point, datasets.load("digits"))
    history = make_history(point, point.epochs)
    snapshot = Snapshot(point, history, training.snapshot().variables if next(iter(training)) else ())
    for written, estimate in (
        (len(snapshot.to_bytes()), snapshot_bytes(point)),
        (len(history_to_arrow(history)), history_bytes(point)),
    ):
        assert written <= estimate <= 1.5 * written + 2 * disk_space.OBJECT_BYTES


def test_needs_on_one_file_system_add_up_and_what_is_short_is_named(tmp_path: Path) -> None:
    free = disk_space.free_bytes(tmp_path)
    half = SpaceNeed("halves", tmp_path / "not" / "yet", free * 2 // 3)
    check([half])
    with pytest.raises(StorageFault, match=rf"too little space on the file system {mount_point(tmp_path)}: .* MB free"):
        check([half, SpaceNeed("others", tmp_path, free * 2 // 3)])


def test_more_points_and_more_at_a_time_need_more(tmp_path: Path) -> None:
    def total(points: list[TrialConfig], at_a_time: int, database: Path | None) -> int:
        return sum(need.bytes for need in needs(points, at_a_time, tmp_path, database))

    base = total(POINTS, 1, None)
    assert total(POINTS, 2, None) > base
    assert total(POINTS[:2], 1, None) < base
    assert total(POINTS, 1, tmp_path / "mlflow.db") > base


@pytest.mark.parametrize("which", ["store", pytest.param("temporary folder", marks=pytest.mark.slow)])
def test_a_run_that_cannot_fit_is_refused_before_anything_starts(tmp_path: Path, disk: Path, which: str) -> None:
    filler = fill(disk)
    with filler.open("ab") as file:
        file.truncate(filler.stat().st_size - 1_000_000)
    is_store = which == "store"
    store = (disk if is_store else tmp_path) / "runs"
    environment = {} if is_store else {"TMPDIR": str(disk)}
    code, stderr = finish(start("run", "demo", "--store", str(store), **environment))
    assert code == 6, stderr
    assert f"too little space on the file system {disk}: 1.0 MB free, about " in stderr
    assert "next: free some there, or choose other" in stderr
    assert not store.exists()


def test_a_full_disk_inside_the_training_is_a_storage_fault_and_no_failure_of_the_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = TrialConfig(epochs=2, depth=2, width=2, measure=Measurement(pairs=("first-merged",)))
    store = Store(tmp_path)
    work = PointAttempt(point, TrialSettings(str(tmp_path), None, 1, {}), store, WorkerState())
    monkeypatch.setattr("sweep.trial.worker_state.load", lambda *_: no_space())
    with pytest.raises(StorageFault, match="no space left"):
        work.advance(1.0)
    (attempt,) = store.attempts(point.point_id)
    assert attempt.failure is None


def test_errors_that_come_of_a_full_disk_are_told_from_others(tmp_path: Path, disk: Path) -> None:
    full = RuntimeError("Ray says something else")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageFault, match="no space left on the file system"), full_is_a_storage_fault([tmp_path]):
        raise full
    with pytest.raises(RuntimeError), full_is_a_storage_fault([tmp_path]):
        raise RuntimeError("no matter of space")
    fill(disk)
    with pytest.raises(StorageFault, match=str(disk)), full_is_a_storage_fault([tmp_path, disk]):
        raise RuntimeError("the raylet died")
    assert fullness(ValueError()) is None

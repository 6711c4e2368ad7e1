"""The store: what counts as finished, damage, snapshots, attempts."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sweep.errors import StorageFault, UsageError
from sweep.storage.folder import Folder
from sweep.store import Attempt, State, Store
from tests.buckets import Server, everything
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult
from trainables.snapshots import Snapshot

POINT = TrialConfig(epochs=6, seed=1)
OTHER = TrialConfig(epochs=6, seed=2)
History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]


FOLDER = f"points/{POINT.point_id}"


@pytest.fixture(params=["folder", "folder of an odd name", "bucket", "odd prefix in a bucket"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    odd = 'o"dd=0" ünï' if "odd" in request.param else "store"
    if "folder" in request.param:
        return Store(tmp_path / odd)
    server: Server = request.getfixturevalue("s3")
    return Store(server.address(f"{uuid.uuid4().hex}/{odd}"))


def read(store: Store, name: str) -> bytes:
    found = store.objects.read(f"{FOLDER}/{name}")
    assert found is not None
    return found


def damage(store: Store, name: str, data: bytes) -> None:
    store.objects.write(f"{FOLDER}/{name}", data)


def snapshot(history: History, epoch: int, config: TrialConfig = POINT) -> Snapshot:
    return Snapshot(config, history(config, epoch), (np.arange(5.0) + epoch,))


def attempt(number: int, **changes: object) -> Attempt:
    return Attempt(
        **({"number": number, "started": "now", "host": "here", "from_epoch": 0, "provenance": {}} | changes)
    )


def test_reading_an_absent_store_finds_nothing_and_creates_nothing(store: Store) -> None:
    assert store.state(POINT).state is State.MISSING
    assert store.sweeps() == []
    assert not store.folder or not store.folder.exists()
    assert everything(store, "") == set()


def test_a_committed_result_is_finished_and_its_snapshots_go(
    store: Store, history: History, result: Callable[[TrialConfig], PointResult]
) -> None:
    store.commit_snapshot(snapshot(history, 3))
    store.commit_result(POINT, result(POINT))
    state = store.state(POINT)
    assert state.state is State.FINISHED
    assert state.epochs_done == 6
    assert state.history == history(POINT, 6)
    assert state.result == result(POINT)
    assert everything(store, FOLDER) == {"result"}


def test_every_damaged_byte_of_a_result_makes_the_point_unfinished(
    store: Store, result: Callable[[TrialConfig], PointResult]
) -> None:
    store.commit_result(POINT, result(POINT))
    intact = read(store, "result")
    rng = np.random.default_rng(0)
    for position in [*range(120 if store.folder else 20), *rng.integers(0, len(intact), 100 if store.folder else 20)]:
        damaged = bytearray(intact)
        damaged[position] ^= 1 << int(rng.integers(8))
        damage(store, "result", bytes(damaged))
        assert store.state(POINT).state is State.MISSING, position
    damage(store, "result", b"")
    assert store.state(POINT).state is State.MISSING


def test_a_result_of_another_config_is_not_this_points(
    store: Store, result: Callable[[TrialConfig], PointResult]
) -> None:
    store.commit_result(POINT, result(POINT.model_copy(update={"epochs": 7})))
    assert store.result(POINT) is None


def test_the_last_two_snapshots_are_kept_and_the_newest_intact_one_is_used(store: Store, history: History) -> None:
    for epoch in (1, 2, 3):
        store.commit_snapshot(snapshot(history, epoch))
    assert everything(store, FOLDER) == {"snapshot-000000002", "snapshot-000000003"}
    assert store.state(POINT).state is State.INTERRUPTED
    assert store.state(POINT).epochs_done == 3
    damage(store, "snapshot-000000003", read(store, "snapshot-000000003")[:-1])
    found = store.snapshot(POINT)
    assert found is not None
    assert found.epoch == 2
    assert np.array_equal(found.variables[0], np.arange(5.0) + 2)


def test_damaged_objects_are_put_aside_and_named(
    store: Store, history: History, result: Callable[[TrialConfig], PointResult]
) -> None:
    store.commit_result(POINT, result(POINT))
    store.commit_snapshot(snapshot(history, 2))
    damage(store, "result", b"garbage")
    assert store.quarantine(POINT) == ["result"]
    assert everything(store, FOLDER) == {"damaged-result", "snapshot-000000002"}
    assert store.state(POINT).epochs_done == 2


def test_a_failed_attempt_is_a_state_until_the_next_one_begins(store: Store) -> None:
    failure = Failure("code", "ValueError: no", "trace")
    store.save_attempt(POINT.point_id, attempt(1, ended="later", failure=failure, log=("a", "b")))
    state = store.state(POINT)
    assert (state.state, state.failure) == (State.FAILED, failure)
    assert state.attempts[0].log == ("a", "b")
    store.save_attempt(POINT.point_id, attempt(2))
    assert store.state(POINT).state is State.INTERRUPTED
    assert [one.number for one in store.attempts(POINT.point_id)] == [1, 2]


def test_an_unknown_sweep_names_those_that_exist(store: Store) -> None:
    store.save_spec("demo", "name: demo\n")
    assert store.spec("demo").name == "demo"
    with pytest.raises(UsageError, match=r"unknown sweep 'dmo' .*: there are demo\n  next: sweep presets"):
        store.spec("dmo")


def test_a_write_that_dies_before_its_rename_leaves_the_old_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Folder(tmp_path)
    objects.write("a/b", b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(f"sweep.storage.folder.os.{step}", refuse)
            with pytest.raises(
                StorageFault, match=r"write .*b: No space left on device on the file system /.*\n  next: "
            ):
                objects.write("a/b", b"new")
        assert objects.read("a/b") == b"old"
        assert objects.names("a") == ["b"]
        assert len(list((tmp_path / "a").iterdir())) == 1


def test_only_one_of_two_creators_wins(tmp_path: Path) -> None:
    objects = Folder(tmp_path)
    assert objects.create("lease", b"first")
    assert not objects.create("lease", b"second")
    assert objects.read("lease") == b"first"


def test_a_damaged_attempt_counts_as_absent_and_its_number_is_not_used_again(store: Store) -> None:
    first = store.begin_attempt(POINT.point_id, attempt(0))
    assert first.number == 1
    damage(store, "attempt-0001", read(store, "attempt-0001")[:50])
    assert store.state(POINT).state is State.MISSING
    assert store.quarantine(POINT) == ["attempt-0001"]
    assert store.begin_attempt(POINT.point_id, attempt(0)).number == 2


def test_an_attempt_whose_process_died_is_marked_when_the_next_begins(store: Store) -> None:
    store.begin_attempt(POINT.point_id, attempt(0))
    store.begin_attempt(POINT.point_id, attempt(0))
    first, second = store.attempts(POINT.point_id)
    assert first.failure == Failure("infra", "its process died without a word")
    assert second.failure is None
    assert store.state(POINT).state is State.INTERRUPTED


@pytest.mark.parametrize(
    ("sweep", "has_driver", "is_left"), [("b", True, True), ("b", False, False), ("a", True, False)]
)
def test_an_attempt_that_another_sweeps_driver_may_be_at_is_left_alone(
    store: Store, sweep: str, has_driver: bool, is_left: bool
) -> None:
    store.begin_attempt(POINT.point_id, replace(attempt(0), provenance={"sweep": sweep}))
    if has_driver:
        store.objects.write(store.lease_name(sweep), b"{}")
    store.begin_attempt(POINT.point_id, replace(attempt(0), provenance={"sweep": "a"}))
    first, _ = store.attempts(POINT.point_id)
    assert (first.failure is None) == is_left


def test_the_first_result_that_was_accepted_stays(store: Store, result: Callable[[TrialConfig], PointResult]) -> None:
    store.commit_result(POINT, result(POINT))
    store.commit_result(POINT, replace(result(POINT), wall_seconds=99.0))
    assert store.state(POINT).result == result(POINT)


def test_objects_are_as_readable_as_the_umask_allows(tmp_path: Path) -> None:
    Folder(tmp_path).write("a/b", b"data")
    (tmp_path / "other").write_bytes(b"data")
    assert (tmp_path / "a" / "b").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_mark_changes_with_every_write_and_with_nothing_else(store: Store) -> None:
    points = [POINT, OTHER]
    store.save_attempt(OTHER.point_id, attempt(1))
    seen = [store.marks_of(points)]
    for change in range(3):
        store.save_attempt(POINT.point_id, attempt(1, host="host" * change))
        seen.append(store.marks_of(points))
    store.objects.rename(f"{FOLDER}/attempt-0001", f"{FOLDER}/damaged-attempt-0001")
    seen.append(store.marks_of(points))
    store.objects.delete(f"{FOLDER}/damaged-attempt-0001")
    seen.append(store.marks_of(points))
    store.state(POINT)
    assert store.marks_of(points) == seen[-1]
    of_point = [marks.get(POINT.point_id) for marks in seen]
    assert of_point.pop(0) == of_point.pop()
    assert len(set(of_point)) == len(of_point)
    assert len({marks[OTHER.point_id] for marks in seen}) == 1


def test_in_a_folder_a_mark_changes_also_with_a_write_of_equal_length_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    seen = set()
    for change in range(10):
        store.save_attempt(POINT.point_id, attempt(1, host=f"host-{change}"))
        seen.add(store.marks_of([POINT])[POINT.point_id])
    assert len(seen) == 10

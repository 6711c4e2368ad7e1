"""Damage: any bytes of any object cut, flipped, emptied or of another config are seen, put aside, and never loaded."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from sweep.driver.pre_run import announcement, warn_of_damage
from sweep.errors import UsageError
from sweep.store import Attempt, Lease, State, Store, holder, load
from sweep.store.encoding import result_from_bytes
from sweep.timing import LeaseTiming, StoreTiming
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from tests.buckets import everything
from tests.conftest import make_history, make_result
from trainables.config import Measurement, TrialConfig
from trainables.format.sealed import DamagedObject
from trainables.records import Failure, PointResult
from trainables.snapshots import Snapshot

POINT = TrialConfig(epochs=1, depth=2, width=1, measure=Measurement(pairs=("first-merged",)))
SMALL = replace(make_result(POINT), history_arrow=b"history")
"""A result of few bytes, so that every one of them can be damaged."""
ATTEMPT = Attempt(1, "then", "here", 0, {"threads": 1}, ("a line",), "later", Failure("infra", "died"))


FOLDER = f"points/{POINT.point_id}"


def put(store: Store, name: str, data: bytes) -> Path:
    store.objects.write(f"{FOLDER}/{name}", data)
    return store.root / "points" / POINT.point_id / name


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def any_store(place: str) -> Store:
    """In a folder and in a bucket; every byte of an object is damaged in a folder alone, as it is only read there."""
    return Store(place)


@pytest.fixture
def result_path(store: Store) -> Path:
    store.commit_result(POINT, SMALL)
    return store.root / "points" / POINT.point_id / "result"


def test_every_range_of_bytes_that_a_result_lacks_makes_it_damaged(store: Store, result_path: Path) -> None:
    """Every start with lengths of 1, 2, 4, ... and up to the end: cut out, or zeroed where that changes anything."""
    intact = result_path.read_bytes()
    for start in range(len(intact)):
        lengths = {min(2**power, len(intact) - start) for power in range(12)}
        for end in (start + length for length in lengths):
            zeroed = intact[:start] + bytes(end - start) + intact[end:]
            for damaged in (intact[:start] + intact[end:], zeroed):
                with pytest.raises(DamagedObject):
                    _parse(damaged)
    for length in range(len(intact)):
        result_path.write_bytes(intact[:length])
        assert store.result(POINT) is None


def _parse(data: bytes) -> PointResult:
    return result_from_bytes(data, POINT)


def test_every_flipped_bit_of_a_snapshot_makes_it_damaged() -> None:
    intact = Snapshot(POINT, make_history(POINT, 0), ()).to_bytes()
    for position in range(0, 8 * len(intact), 7):  # 7 and 8 share no divisor: every byte, every bit of one in 8
        damaged = bytearray(intact)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(DamagedObject):
            Snapshot.from_bytes(bytes(damaged), POINT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_however_a_snapshot_is_damaged_the_one_before_it_is_used(store: Store, data: st.DataObject) -> None:
    for epoch in (0, 1):
        put(store, f"snapshot-{epoch:09d}", Snapshot(POINT, make_history(POINT, epoch), (np.ones(epoch),)).to_bytes())
    newest = store.root / "points" / POINT.point_id / "snapshot-000000001"
    intact = newest.read_bytes()
    start = data.draw(st.integers(0, len(intact)))
    end = data.draw(st.integers(start, len(intact)))
    damaged = intact[:start] + data.draw(st.binary(max_size=64)) + intact[end:]
    newest.write_bytes(damaged)
    found = store.snapshot(POINT)
    assert found is not None
    assert found.epoch == (1 if damaged == intact else 0)


@pytest.mark.parametrize("flip", range(8))
def test_a_flipped_bit_of_an_attempt_is_seen_or_means_nothing(store: Store, flip: int) -> None:
    store.save_attempt(POINT.point_id, ATTEMPT)
    path = store.root / "points" / POINT.point_id / "attempt-0001"
    intact = path.read_bytes()
    for position in range(len(intact)):
        damaged = bytearray(intact)
        damaged[position] ^= 1 << flip
        path.write_bytes(damaged)
        assert store.attempts(POINT.point_id) in ((), (ATTEMPT,)), position


def test_an_attempt_of_before_there_were_checksums_is_read(store: Store) -> None:
    store.save_attempt(POINT.point_id, ATTEMPT)
    path = store.root / "points" / POINT.point_id / "attempt-0001"
    fields = json.loads(path.read_bytes())
    del fields["sha256"]
    path.write_text(json.dumps(fields))
    assert store.attempts(POINT.point_id) == (ATTEMPT,)


def test_what_is_damaged_again_is_put_aside_beside_the_first(any_store: Store) -> None:
    store = any_store
    for content in (b"one", b"two", b"three"):
        store.objects.write(f"{FOLDER}/result", content)
        assert store.quarantine(POINT) == ["result"]
    kept = {name: store.objects.read(f"{FOLDER}/{name}") for name in everything(store, FOLDER)}
    assert kept == {"damaged-result": b"one", "damaged-2-result": b"two", "damaged-3-result": b"three"}
    assert store.state(POINT).state is State.MISSING


def test_a_result_can_be_committed_where_a_damaged_one_lies(any_store: Store) -> None:
    any_store.commit_result(POINT, SMALL)
    any_store.objects.write(f"{FOLDER}/result", b"")
    any_store.commit_result(POINT, SMALL)
    assert any_store.result(POINT) == SMALL
    assert any_store.objects.read(f"{FOLDER}/damaged-result") == b""


def other_config(data: bytes) -> bytes:
    other = POINT.model_copy(update={"seed": 9})
    return Snapshot(other, make_history(other, 1), (np.ones(1),)).to_bytes()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[:-1],
    "a flipped bit": lambda data: data[:-9] + bytes([data[-9] ^ 4]) + data[-8:],
    "of another config": other_config,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_of_any_kind_is_put_aside(any_store: Store, damage: str) -> None:
    store = any_store
    intact = Snapshot(POINT, make_history(POINT, 1), (np.ones(1),)).to_bytes()
    store.objects.write(f"{FOLDER}/snapshot-000000001", DAMAGES[damage](intact))
    assert store.damaged(POINT) == ["snapshot-000000001"]
    assert everything(store, FOLDER) == {"snapshot-000000001"}
    assert store.quarantine(POINT) == ["snapshot-000000001"]
    assert store.state(POINT).state is State.MISSING


@pytest.mark.parametrize(
    ("damage", "which"),
    [("cut short", "the newest"), pytest.param("of another config", "both", marks=pytest.mark.slow)],
)
def test_a_trial_goes_on_from_what_is_intact_and_says_what_was_damaged(
    any_store: Store, tmp_path: Path, damage: str, which: str
) -> None:
    store = any_store
    point = TrialConfig(epochs=4, depth=2, width=2, measure=Measurement(pairs=("first-merged",)))
    surroundings = TrialSettings(str(store.root), None, 1, {})
    worker = (
        WorkerState()
    )  # whose compiled network serves all three: that its bits are a new one's has a test of its own
    undisturbed = finished(Store(tmp_path / "undisturbed"), point, surroundings, worker)
    epochs = training_until(store, point, surroundings, worker, epoch=2)
    names = [f"snapshot-{epoch:09d}" for epoch in epochs]
    hit = names[-1:] if which == "the newest" else names
    folder = f"points/{point.point_id}"
    for name in hit:
        store.objects.write(f"{folder}/{name}", DAMAGES[damage](store.objects.read(f"{folder}/{name}") or b""))
    result = finished(store, point, surroundings, worker)
    last = store.attempts(point.point_id)[-1]
    assert last.from_epoch == (epochs[0] if which == "the newest" else 0)
    for name in hit:
        assert f"{name} was damaged and is put aside" in " ".join(last.log)
        assert f"damaged-{name}" in everything(store, folder)
    assert [record.test_error for record in store.state(point).history] == undisturbed
    assert result == undisturbed


def finished(store: Store, point: TrialConfig, surroundings: TrialSettings, worker: WorkerState) -> list[float]:
    work = PointAttempt(point, surroundings, store, worker)
    while not work.is_over:
        work.advance(1.0)
    return [record.test_error for record in store.state(point).history]


def training_until(
    store: Store, point: TrialConfig, surroundings: TrialSettings, worker: WorkerState, epoch: int
) -> list[int]:
    """Train that far with a snapshot at every epoch; the epochs of the snapshots kept."""
    work = PointAttempt(point, surroundings, store, worker)
    while work.epoch < epoch:
        work.advance(0.0)
        work.interrupt()
    names = store.objects.names(f"points/{point.point_id}")
    return [int(name.rpartition("-")[2]) for name in names if name.startswith("snapshot-")]


def test_a_damaged_result_is_one_point_to_run_and_the_plan_says_so(store: Store) -> None:
    from sweep.planning import plan
    from sweep.progress import Watch

    points = tuple(POINT.model_copy(update={"seed": seed}) for seed in range(3))
    for point in points:
        store.commit_result(point, make_result(point))
    path = store.root / "points" / points[1].point_id / "result"
    path.write_bytes(path.read_bytes()[:-1])
    todo = plan(points, Watch(store, "demo", points).states())
    assert todo.to_run == (points[1],)
    assert announcement("demo", todo) == "demo: 3 points (2 finished, 1 missing), 1 to run"
    console = Console(record=True, width=200)
    warn_of_damage(store, todo, console)
    assert f"{points[1].point_id}: result damaged, to be put aside" in console.export_text()


SPEC = "name: demo\nfixed: {epochs: 1}\ngrid:\n  seed: [0, 1, 2]\n"


def test_a_flipped_bit_or_a_cut_of_a_kept_spec_is_refused_or_means_nothing(store: Store) -> None:
    store.save_spec("demo", SPEC)
    path = Path(store.spec_address("demo"))
    intact = path.read_bytes()
    points = store.spec("demo").points
    assert len(points) == 3
    damages = [intact[:length] for length in range(len(intact))]
    damages += [intact[:at] + bytes([intact[at] ^ 1 << at % 8]) + intact[at + 1 :] for at in range(len(intact))]
    for damaged in damages:
        path.write_bytes(damaged)
        said = ""
        try:
            assert store.spec("demo").points == points
        except UsageError as error:
            said = str(error)
        assert not said or (str(path) in said and "next: " in said)


def test_a_damaged_spec_names_the_two_ways_on(any_store: Store) -> None:
    store = any_store
    store.save_spec("demo", SPEC)
    path = store.spec_address("demo")
    kept = store.objects.read(store.spec_name("demo")) or b""
    store.objects.write(store.spec_name("demo"), kept.replace(b"2]", b"3]"))
    with pytest.raises(UsageError, match=r"damaged or edited, .*\n  next: sweep run SPEC .* to run it as it is now"):
        store.spec("demo")
    assert len(load(str(path)).points) == 3
    store.save_spec("demo", SPEC)
    assert len(store.spec("demo").points) == 3


def test_a_spec_kept_before_there_were_checksums_is_read(any_store: Store) -> None:
    any_store.objects.write(any_store.spec_name("demo"), SPEC.encode())
    assert len(any_store.spec("demo").points) == 3


@pytest.mark.parametrize("content", [b"", b'{"host"', b"[]", b"null", b'{"host": 1}', b"\xff"])
def test_a_damaged_lease_names_nobody_and_is_taken_after_a_while_without_a_beat(place: str, content: bytes) -> None:
    quick = LeaseTiming(beat_seconds=0.05, silence_seconds=0.2)
    store = Store(place, StoreTiming(quick, bucket_settle_seconds=0.3))
    store.objects.write(store.lease_name("demo"), content)
    assert holder(store, "demo") is None
    with Lease(store, "demo"):
        assert holder(store, "demo") is not None

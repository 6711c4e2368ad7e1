"""A death, or a full disk, at any step of a commit: it is done or not, never half, and the rerun mends it."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sweep.errors import StorageFault
from sweep.storage import folder as folders
from sweep.storage.folder import Folder
from sweep.store import Attempt, State, Store
from sweep.timing import StoreTiming
from tests.buckets import Server, everything, put_raw
from tests.conftest import make_history, make_result
from tests.faults.steps import Disk, Killed, Requests, die, no_answer, no_space
from tests.processes import program
from trainables.config import TrialConfig
from trainables.snapshots import Snapshot

POINT = TrialConfig(epochs=6, seed=1)
STARTED = Attempt(0, "2026-01-02T03:04:05+00:00", "here", 0, {})


def snapshot(epoch: int) -> Snapshot:
    return Snapshot(POINT, make_history(POINT, epoch), (np.arange(5.0) + epoch,))


def life_until(store: Store, epoch: int) -> Attempt:
    attempt = store.begin_attempt(POINT.point_id, STARTED)
    for done in range(1, epoch + 1):
        store.commit_snapshot(snapshot(done))
    return attempt


def first_snapshot(store: Store) -> None:
    store.commit_snapshot(snapshot(1))


def later_snapshot(store: Store) -> None:
    store.commit_snapshot(snapshot(4))


def result(store: Store) -> None:
    store.commit_result(POINT, make_result(POINT))


def begin(store: Store) -> None:
    store.begin_attempt(POINT.point_id, STARTED)


def end(store: Store) -> None:
    (attempt,) = store.attempts(POINT.point_id)
    store.save_attempt(POINT.point_id, replace(attempt, ended="later"))


def quarantine(store: Store) -> None:
    newest = f"points/{POINT.point_id}/snapshot-000000003"
    put_raw(store, newest, snapshot(3).to_bytes()[:-1])
    store.quarantine(POINT)


def spec(store: Store) -> None:
    store.save_spec("demo", "name: demo\n")


COMMITS: dict[str, tuple[int, Callable[[Store], None]]] = {
    "the first snapshot": (0, first_snapshot),
    "a later snapshot, and one dropped": (3, later_snapshot),
    "a result, and two snapshots dropped": (3, result),
    "an attempt begun": (0, begin),
    "an attempt begun after one that died": (2, begin),
    "an attempt ended": (1, end),
    "a damaged snapshot put aside": (3, quarantine),
    "a spec": (0, spec),
}


def seen(store: Store) -> tuple[object, ...]:
    """All that the store tells of the point and the sweep."""
    state, newest = store.state(POINT), store.snapshot(POINT)
    kept = store.objects.read(store.spec_name("demo"))
    weights = newest.variables[0].tolist() if newest and not state.state.is_done else None
    attempts = [(one.number, one.ended, one.failure) for one in state.attempts]
    return state.state, state.epochs_done, state.history, weights, state.result, attempts, kept


def steps_of(commit: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    epoch, act = COMMITS[commit]
    store = Store(folder)
    life_until(store, epoch) if epoch else None
    with monkeypatch.context() as patch:
        disk = Disk().install(patch)
        act(store)
    return len(disk.done)


def allowed(commit: str, folder: Path) -> list[tuple[object, ...]]:
    """What may be seen after a fault: what was before, what comes after, or what lies between two of its objects."""
    epoch, act = COMMITS[commit]
    before, after = Store(folder / "before"), Store(folder / "after")  # what is seen does not depend on the place
    for store in (before, after):
        life_until(store, epoch) if epoch else None
    act(after)
    states = [seen(before), seen(after)]
    if commit == "an attempt begun after one that died":
        between = Store(folder / "between")
        dead = life_until(between, epoch)
        failure = after.attempts(POINT.point_id)[0].failure
        between.save_attempt(POINT.point_id, replace(dead, failure=failure))
        states.append(seen(between))
    if commit == "a damaged snapshot put aside":
        states[0] = seen(after)
    return states


def mended(store: Store, act: Callable[[Store], None]) -> None:
    """The rerun: leftovers are cleared, and a point that is not done is finished."""
    store.tidy("demo", [POINT])
    act(store)
    store.quarantine(POINT)
    store.commit_result(POINT, make_result(POINT))
    state = store.state(POINT)
    assert state.state is State.FINISHED
    assert state.result == make_result(POINT)
    names = everything(store, f"points/{POINT.point_id}")
    assert not {name for name in names if name.startswith((".", "snapshot-"))}


@pytest.mark.parametrize("commit", COMMITS)
def test_killed_at_any_step_a_commit_is_done_or_not(
    commit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, act = COMMITS[commit]
    may_be_seen = allowed(commit, tmp_path)
    monkeypatch.setattr(folders.processes, "started", lambda pid: None)  # the process that died is this one
    for step in range(1, steps_of(commit, tmp_path / "count", monkeypatch) + 1):
        store = Store(tmp_path / f"step-{step}")
        life_until(store, epoch) if epoch else None
        with monkeypatch.context() as patch:
            disk = Disk(step, die).install(patch)
            with pytest.raises(Killed):
                act(store)
        assert seen(store) in may_be_seen, (step, disk.done)
        mended(store, act)


@pytest.mark.parametrize("lasting", [True, False], ids=["and stays full", "and has room again"])
@pytest.mark.parametrize("commit", COMMITS)
def test_a_disk_full_at_any_step_is_a_storage_fault_and_nothing_is_half_done(
    commit: str, lasting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, act = COMMITS[commit]
    may_be_seen = allowed(commit, tmp_path)
    for step in range(1, steps_of(commit, tmp_path / "count", monkeypatch) + 1):
        store = Store(tmp_path / f"step-{step}")
        life_until(store, epoch) if epoch else None
        with monkeypatch.context() as patch:
            disk = Disk(step, no_space, forever=lasting).install(patch)
            with pytest.raises(StorageFault, match="No space left on device on the file system /"):
                act(store)
        assert seen(store) in may_be_seen, (step, disk.done)
        if not lasting:
            leftovers = [path.name for path in store.root.rglob(".*.part")]
            assert disk.done[step - 1][0] == "unlink" or not leftovers
        mended(Store(store.root, StoreTiming(leftover_seconds=-1.0)), act)


IN_BUCKET: list[tuple[str, Callable[[], None]]] = [
    ("a later snapshot, and one dropped", die),
    ("a result, and two snapshots dropped", no_answer),
    ("an attempt begun after one that died", die),
    ("a damaged snapshot put aside", no_answer),
]


@pytest.mark.slow
@pytest.mark.parametrize(("commit", "fault"), IN_BUCKET)
def test_in_a_bucket_a_commit_is_done_or_not_whichever_request_is_the_last(
    commit: str, fault: Callable[[], None], s3: Server, tmp_path: Path
) -> None:
    epoch, act = COMMITS[commit]
    may_be_seen = allowed(commit, tmp_path)
    step = ended = 0
    while not ended:
        step += 1
        store = Store(s3.address())
        life_until(store, epoch)
        with pytest.MonkeyPatch.context() as patch:
            requests = Requests(step, fault).install(patch)
            try:
                act(store)
                ended = step
            except (Killed, StorageFault):
                assert len(requests.done) >= step
        assert seen(store) in may_be_seen, (step, requests.done)
        mended(store, act)
    assert ended > 4


def test_killed_for_real_at_any_step_a_commit_is_done_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One child forks itself for every step of a result's commit; each fork ends by SIGKILL at its step."""
    commit = "a result, and two snapshots dropped"
    may_be_seen = allowed(commit, tmp_path)
    steps = steps_of(commit, tmp_path / "count", monkeypatch)
    for step in range(1, steps + 1):
        life_until(Store(tmp_path / f"step-{step}"), 3)
    command = program("kill_commits", str(tmp_path), POINT.model_dump_json())
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}, check=True)
    for step in range(1, steps + 1):
        store = Store(tmp_path / f"step-{step}")
        assert (tmp_path / f"killed-{step}").read_text() == str(-9)
        assert seen(store) in may_be_seen, step
        mended(store, result)


def test_bytes_are_on_the_disk_before_their_name_is_and_the_name_before_older_objects_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "new" / "store")
    disk = Disk().install(monkeypatch)
    life_until(store, 2)
    disk.done.clear()
    store.commit_snapshot(snapshot(3))
    changes = [name for name, _ in disk.done if name not in ("open", "close")]
    assert changes == ["write", "fsync", "replace", "fsync", "unlink", "unlink"]
    named = {name: what for name, what in disk.done if name in ("write", "fsync", "replace")}
    assert named["write"].endswith(".part")
    assert named["fsync"].endswith(POINT.point_id)
    assert disk.done[-1][1].endswith("snapshot-000000001")


def test_a_new_folder_is_flushed_to_disk_as_an_entry_of_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk().install(monkeypatch)
    Folder(tmp_path).write("a/b/c", b"data")
    flushed = [what for name, what in disk.done if name == "fsync"]
    assert flushed[:2] == [str(tmp_path), str(tmp_path / "a")]


def test_leftovers_of_live_writers_and_young_ones_of_strangers_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Folder(tmp_path)
    for name in ("a/x", "b/x"):
        store.write(name, b"data")
    mine = f"{folders._machine()}-{os.getpid()}-0.part"
    dead = f"{folders._machine()}-999999999-0.part"
    stranger, old_stranger, unknown = ".0123456789ab-1-0.part", ".0123456789ab-2-0.part", ".abc.part"
    for name in (mine, dead, stranger, old_stranger, unknown):
        (tmp_path / "a" / name).write_bytes(b"half")
    os.utime(tmp_path / "a" / old_stranger, (0, 0))
    assert store.clear_leftovers(["a", "b", "nowhere"]) == 2
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"x", mine, stranger, unknown}
    assert store.names("a") == ["x"]


def test_a_writer_whose_temporary_name_was_taken_for_a_leftover_writes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Folder(tmp_path)

    def stolen(source: str, target: Path) -> None:
        monkeypatch.undo()
        os.unlink(source)
        os.replace(source, target)

    monkeypatch.setattr("sweep.storage.folder.os.replace", stolen)
    store.write("a", b"data")
    assert store.read("a") == b"data"

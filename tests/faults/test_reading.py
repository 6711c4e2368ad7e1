"""Reading: beside a writer what is read fits together; stores of odd names and read-only ones open too."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.tables import from_store
from sweep.errors import StorageFault
from sweep.storage.folder import Folder
from sweep.store import Attempt, State, Store, load
from tests.commands import Command
from tests.conftest import make_history, make_result
from trainables.config import TrialConfig
from trainables.snapshots import Snapshot

SPEC = "name: demo\nfixed: {epochs: 40, width: 4}\ngrid:\n  architecture: [mlp, shortcut]\n  seed: [0, 1]\n"


def write_as_trials_do(store: Store, points: tuple[TrialConfig, ...], ended: threading.Event) -> None:
    """Point after point: snapshots that replace one another, then the result."""
    for point in points:
        attempt = store.begin_attempt(point.point_id, Attempt(0, "now", "here", 0, {}))
        for epoch in range(point.epochs):
            store.commit_snapshot(Snapshot(point, make_history(point, epoch), (np.zeros(10),)))
        store.commit_result(point, make_result(point))
        store.save_attempt(point.point_id, replace(attempt, ended="later"))
    ended.set()


def test_what_is_read_beside_a_writer_fits_together_and_never_goes_back(tmp_path: Path) -> None:
    store, ended = Store(tmp_path), threading.Event()
    store.save_spec("demo", SPEC)
    points = store.spec("demo").points
    writer = threading.Thread(target=write_as_trials_do, args=(store, points, ended))
    writer.start()
    done: dict[str, int] = {}
    reads = 0
    while not ended.is_set() or not reads:
        is_last = ended.is_set()
        tables = from_store(Store(tmp_path), "demo")
        epochs, rows = tables.epochs.to_pandas(), tables.points.to_pandas()
        for row in rows.itertuples():
            point_epochs = epochs[epochs.point_id == row.point_id]
            assert row.epochs_done >= done.get(row.point_id, 0)
            done[row.point_id] = row.epochs_done
            for _, part in point_epochs.groupby("pair"):
                assert part.epoch.tolist() == list(range(row.epochs_done + 1))
            assert row.state != "finished" or row.epochs_done == 40
            assert row.state != "missing" or point_epochs.empty
        reads += 1
        if is_last:
            break
    writer.join()
    assert {state.state for state in map(store.state, points)} == {State.FINISHED}
    assert reads > 3


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A store with one finished point on a file system that takes no writes."""
    root = tmp_path / "runs"
    store = Store(root)
    store.save_spec("demo", SPEC)
    point = store.spec("demo").points[0]
    store.commit_result(point, make_result(point))
    if os.geteuid() != 0:
        for path in (root, *root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield root
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
        return
    mounted = subprocess.run(["mount", "--bind", "-o", "ro", root, root], check=False, capture_output=True)
    again = subprocess.run(["mount", "-o", "remount,ro,bind", root], check=False, capture_output=True)
    if mounted.returncode or again.returncode:
        pytest.skip(f"root, but not allowed to mount: {mounted.stderr!r}{again.stderr!r}")
    yield root
    subprocess.run(["umount", root], check=True)


def test_a_read_only_store_can_be_read_and_is_a_storage_fault_to_write(read_only: Path, run_here: Command) -> None:
    reading = run_here("status", "demo", "--store", str(read_only), "--json")
    assert reading.returncode == 0, reading.stderr
    assert json.loads(reading.stdout)["points"]["finished"] == 1
    run = run_here("run", "demo", "--store", str(read_only))
    assert run.returncode == 6, run.stderr
    assert f"cannot write {read_only}/writable-" in run.stderr
    assert "next: check the free space and permissions there" in run.stderr
    with pytest.raises(StorageFault):
        Folder(read_only).write("a", b"")


@pytest.mark.parametrize("name", ["a 0", 'a"=0"', "ünï ✓", "a'b", "a#b", "a%20b", "-a", "a\nb"])
def test_a_store_of_any_name_can_be_written_and_read(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / name)
    store.save_spec("demo", SPEC)
    point = store.spec("demo").points[0]
    store.commit_result(point, make_result(point))
    assert from_store(store, "demo").points.to_pandas().state.tolist().count("finished") == 1
    assert not store.objects.clear_leftovers(["", "sweeps/demo"])


@pytest.mark.parametrize("name", ["a 0", 'a"=0"', "ünï ✓", "a#b"])
def test_the_mirror_of_a_store_of_any_name_is_found_again(tmp_path: Path, name: str) -> None:
    from sweep.tracking.mirror import Mirror
    from sweep.tracking.settings import default_tracking_uri

    store = Store(tmp_path / name)
    store.save_spec("demo", SPEC)
    spec = store.spec("demo")
    store.commit_result(spec.points[0], make_result(spec.points[0]))
    uri = default_tracking_uri(store.root)
    assert Mirror(uri, spec, store).replay(spec.points) == 1
    assert Mirror(uri, spec, store).replay(spec.points) == 0
    assert (store.root / "mlflow.db").is_file()


def test_changed_and_added_points_are_new_and_removed_ones_stay(tmp_path: Path) -> None:
    """A spec that is edited after a run: nothing that was finished is lost, nothing that changed is taken for old."""
    from sweep.planning import plan
    from sweep.progress import Watch

    store = Store(tmp_path / "runs")
    path = tmp_path / "demo.yaml"
    path.write_text(SPEC)
    before = load(str(path))
    for point in before.points:
        store.commit_result(point, make_result(point))
    for old, new, to_run in (
        ("[0, 1]", "[0, 2]", 2),
        ("epochs: 40", "epochs: 41", 4),
        ("seed: [0, 1]", "seed: [1]", 0),
    ):
        path.write_text(SPEC.replace(old, new))
        edited = load(str(path))
        todo = plan(edited.points, Watch(store, "demo", edited.points).states())
        assert len(todo.to_run) == to_run
        assert not {point.point_id for point in todo.to_run} & {point.point_id for point in before.points}
    assert all(store.state(point).state is State.FINISHED for point in before.points)

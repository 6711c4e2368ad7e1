"""Records of another schema version: older ones are read and can be rewritten, newer ones refused; none is damage."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sweep.errors import OtherRecordVersion, StorageFault
from sweep.planning import priced
from sweep.store import Store, load, migrate
from tests.commands import Command
from tests.files import files
from tests.store_schema.conftest import BEGUN, DONE
from trainables.config import TrialConfig
from trainables.format.versions import MIGRATIONS
from trainables.records import PointResult

KINDS = ("result", "snapshot", "attempt")


@contextmanager
def program_of_version(version: int) -> Iterator[None]:
    """Reads and writes that version of every record, and marks in the provenance what it has migrated."""

    def marked(head: dict[str, Any], parts: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
        if "provenance" in head:
            head = head | {"provenance": head["provenance"] | {"migrated": True}}
        return head, parts

    with pytest.MonkeyPatch.context() as patch:
        for module in ("sweep.store.encoding", "trainables.snapshots"):
            patch.setattr(f"{module}.RECORD_VERSION", version)
        for kind in KINDS:
            patch.setitem(MIGRATIONS, (kind, 1), marked)
        yield


def records(root: Path) -> list[Path]:
    return [path for path in sorted(root.glob("points/*/*")) if path.name.partition("-")[0] in KINDS]


def make_newer(store: Store, spec: str, kind: str) -> TrialConfig:
    """Write the record of that kind of one point of the spec as a program of version 2 does; the point."""
    with program_of_version(2):
        for point in load(spec).points:
            state = store.state(point)
            if kind == "attempt" and state.attempts:
                store.save_attempt(point.point_id, state.attempts[-1])
            elif kind == "snapshot" and (snapshot := store.snapshot(point)):
                store.commit_snapshot(snapshot)
            elif kind == "result" and state.result:
                store.objects.delete(f"points/{point.point_id}/result")
                store.commit_result(point, state.result)
            else:
                continue
            return point
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("spec", "kind"), [(DONE, "result"), (DONE, "attempt"), (BEGUN, "snapshot"), (BEGUN, "attempt")]
)
def test_a_newer_record_is_refused_with_both_versions_and_left_as_it_is(
    sweep: Command, root: Path, spec: str, kind: str
) -> None:
    store = Store(root)
    point = make_newer(store, spec, kind)
    before = files(root)
    with pytest.raises(OtherRecordVersion, match=f"{point.point_id}/{kind}.*{kind} of record version 2; .* version 1"):
        store.state(point)
    assert store.damaged(point) == store.quarantine(point) == []
    for command in ("plan", "run"):
        ended = sweep(command, spec)
        assert ended.returncode == 6, ended.stderr
        said = " ".join(ended.stderr.split())
        assert f"{kind} of record version 2; this program reads version 1" in said
        assert "next: upgrade mi-sweep" in said
        assert "Traceback" not in said
    assert files(root) == before
    with program_of_version(2):
        assert store.state(point).attempts


def test_a_newer_result_is_not_replaced(root: Path, result: Callable[[TrialConfig], PointResult]) -> None:
    store = Store(root)
    point = make_newer(store, DONE, "result")
    before = files(root)
    with pytest.raises(StorageFault, match="record version 2"):
        store.commit_result(point, result(point))
    assert files(root) == before


def test_newer_records_of_another_sweep_stop_nothing(root: Path) -> None:
    store = Store(root)
    make_newer(store, DONE, "result")
    other = load(DONE, ["name=other", "fixed.epochs=7"])
    states = {point.point_id: store.state(point) for point in other.points}
    todo = priced(other, store, states, ())
    assert len(todo.to_run) == len(other.points)
    assert todo.measured_points > 0


def test_older_records_are_read_as_if_of_the_present_version(sweep: Command, root: Path) -> None:
    store, points = Store(root), load(DONE).points
    then, before = [store.state(point) for point in points], files(root)
    with program_of_version(2):
        now = [store.state(point) for point in points]
        assert all(state.provenance["migrated"] for state in now)
        assert [state.history for state in now] == [state.history for state in then]
        assert [state.state for state in now] == [state.state for state in then]
        assert json.loads(sweep("plan", DONE, "--json").stdout)["to_run"] == []
        assert not any(store.damaged(point) for point in points)
        begun = [store.snapshot(point) for point in load(BEGUN).points]
    assert [snapshot.epoch if snapshot else None for snapshot in begun] == [
        snapshot.epoch if snapshot else None for snapshot in map(store.snapshot, load(BEGUN).points)
    ]
    assert any(begun)
    assert files(root) == before


def test_a_migration_rewrites_every_older_record_once(sweep: Command, root: Path) -> None:
    before, count = files(root), len(records(root))
    with program_of_version(2):
        ended = sweep("store", "migrate")
        assert (ended.returncode, ended.stderr) == (0, f"{count} records of version 1 rewritten as version 2\n")
        after = files(root)
        again = sweep("store", "migrate")
        assert again.stderr.endswith(f"{count} records of version 2: nothing to do\n")
        assert files(root) == after
        assert all(Store(root).state(point).provenance["migrated"] for point in load(DONE).points)
    assert after.keys() == before.keys()
    changed = {name for name, data in after.items() if before[name] != data}
    assert changed == {path.relative_to(root).as_posix() for path in records(root)}


def test_a_migration_that_was_interrupted_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, left = Store(root), [7]
    write = store.objects.write

    def failing(name: str, data: bytes) -> None:
        if not left[0]:
            raise StorageFault("no space left")
        left[0] -= 1
        write(name, data)

    with program_of_version(2):
        monkeypatch.setattr(store.objects, "write", failing)
        with pytest.raises(StorageFault):
            migrate(store)
        monkeypatch.setattr(store.objects, "write", write)
        assert all(store.state(point).state.is_done for point in load(DONE).points)
        done = migrate(store)
        assert (done.current, done.rewritten) == (7, {1: len(records(root)) - 7})


def test_on_a_store_of_the_present_version_a_migration_has_nothing_to_do(sweep: Command, root: Path) -> None:
    before = files(root)
    ended = sweep("store", "migrate")
    assert ended.returncode == 0
    assert ended.stderr.endswith(f"{len(records(root))} records of version 1: nothing to do\n")
    assert files(root) == before


def test_a_migration_leaves_newer_and_damaged_records_alone_and_says_so(sweep: Command, root: Path) -> None:
    store = Store(root)
    newer = make_newer(store, DONE, "result")
    damaged = next(path for path in records(root) if path.parent.name != newer.point_id)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    before = files(root)
    ended = sweep("store", "migrate")
    assert ended.returncode == 6
    said = " ".join(ended.stderr.split())
    assert f"{damaged.relative_to(root).as_posix()}: damaged, left as it is" in said
    assert f"{newer.point_id}/result: result of record version 2" in said
    assert files(root) == before


def test_an_attempt_of_the_first_version_has_the_bytes_that_it_had(root: Path) -> None:
    store = Store(root)
    point = load(DONE).points[0]
    before = files(root)
    store.save_attempt(point.point_id, replace(store.state(point).attempts[-1]))
    assert files(root) == before

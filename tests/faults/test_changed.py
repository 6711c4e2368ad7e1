"""A spec edited, or code changed, under a sweep that was run: said before anything starts, and mixed only knowingly."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sweep.store import Attempt, Store
from sweep.system import provenance
from tests.commands import Command, Done
from tests.files import files
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PointResult
from trainables.snapshots import Snapshot

SPEC = "name: one\nfixed: {epochs: 4, width: 8}\ngrid: {seed: 0..4}\nresources: {gpus: 0, cpus: 1}\n"
POINTS = [TrialConfig(epochs=4, width=8, seed=seed) for seed in range(10)]
NOWHERE = ["--address", "127.0.0.1:1"]  # a run that gets so far that it wants Ray exits 7

Result = Callable[[TrialConfig], PointResult]


@pytest.fixture
def store(tmp_path: Path, result: Result) -> Store:
    """A store with a finished sweep of the seeds 0..4, computed by the code of now."""
    store, now = Store(tmp_path / "runs"), provenance.current()
    store.save_spec("one", SPEC)
    for point in POINTS[:5]:
        done = result(point)
        store.commit_result(point, replace(done, provenance=done.provenance | now))
    return store


@pytest.fixture
def sweep(run_here: Command, tmp_path: Path, store: Store) -> Command:
    """Runs a command on that spec and that store."""
    path = tmp_path / "one.yaml"
    path.write_text(SPEC)

    def run(name: str, *arguments: str) -> Done:
        target = "one" if name in ("resume", "show", "status") else str(path)
        return run_here(name, target, "--store", str(store.root), *arguments)

    return run


def by_other_code(store: Store, result: Result, point: TrialConfig, **changes: Any) -> None:
    """Put a result in the place of the point's that other code computed."""
    store.objects.delete(f"points/{point.point_id}/result")
    done = result(point)
    store.commit_result(point, replace(done, provenance=provenance.current() | changes))


def test_more_seeds_are_all_there_is_to_run_and_the_difference_is_shown_first(sweep: Command, store: Store) -> None:
    more = ["--set", "grid.seed=0..9"]
    plan = json.loads(sweep("plan", *more, "--json").stdout)
    assert plan["to_run"] == [point.point_id for point in POINTS[5:]]
    assert plan["spec_change"]["fields"] == {"seed": [[0, 1, 2, 3, 4], list(range(10))]}
    assert plan["trial_seconds"] == pytest.approx(5 * 12.5)
    assert plan["cpu_hours"] == pytest.approx(5 * 12.5 / 3600)
    before = files(store.root)
    done = sweep("run", *more, *NOWHERE)
    assert done.returncode == 7, done.stderr
    lines = done.stderr.splitlines()
    assert lines[1:3] == ["since last run: 5 points added, 5 kept", "  seed: 0..4 -> 0..9"]
    assert files(store.root) == before


def test_a_changed_value_makes_other_points_and_keeps_the_old_ones(sweep: Command, store: Store) -> None:
    said = sweep("plan", "--set", "fixed.epochs=8").stdout
    assert "since last run: 5 points added, 0 kept, 5 no longer named (they stay in the store)" in said
    assert "epochs: 4 -> 8" in said
    assert len(store.objects.names("points")) == 5


def test_points_of_other_sweeps_of_the_store_tell_what_like_ones_cost(sweep: Command) -> None:
    plan = json.loads(sweep("plan", "--set", "name=two", "--set", "grid.seed=5..6", "--json").stdout)
    assert plan["trial_seconds"] == pytest.approx(2 * 12.5)
    assert plan["spec_change"] is None


def test_what_costs_nobody_knows_is_unknown_with_the_command_that_finds_out(sweep: Command) -> None:
    done = sweep("plan", "--set", "fixed.width=9", "--set", "grid.seed=3..6")
    assert "unknown: 4 of the points to run have no finished one of like shape" in done.stdout
    assert "next, to learn the cost from one seed: sweep run " in done.stderr
    assert "--set 'grid.seed=[3]'" in done.stderr


@pytest.mark.parametrize("command", ["run", "resume"])
def test_points_of_other_code_are_not_added_to_unless_told_so(
    sweep: Command, store: Store, result: Result, command: str
) -> None:
    by_other_code(
        store, result, POINTS[0], code_sha256="a" * 64, components=None, git_commit="1" * 40, git_diff_sha256=None
    )
    store.objects.delete(f"points/{POINTS[4].point_id}/result")
    before = files(store.root)
    done = sweep(command, *NOWHERE)
    assert done.returncode == 2, done.stderr
    assert "1 point was computed by other code (111111111111)" in done.stderr
    assert "1 point to run would mix with 1 computed by other code" in " ".join(done.stderr.split())
    assert "--accept-code-change" in done.stderr
    assert "Traceback" not in done.stderr
    told = sweep(command, *NOWHERE, "--accept-code-change")
    assert told.returncode == 7, told.stderr
    assert "1 point was computed by other code" in told.stderr
    assert files(store.root) == before


def test_a_snapshot_of_other_code_is_not_continued(
    sweep: Command, store: Store, history: Callable[[TrialConfig, int], tuple[EpochRecord, ...]]
) -> None:
    point = POINTS[4]
    store.objects.delete(f"points/{point.point_id}/result")
    packages = provenance.current()["packages"] | {"numpy": "1.0"}
    store.begin_attempt(point.point_id, Attempt(0, "", "", 0, provenance.current() | {"packages": packages}))
    store.commit_snapshot(Snapshot(point, history(point, 2), ()))
    done = sweep("resume", *NOWHERE)
    assert done.returncode == 2, done.stderr
    assert "numpy: 1.0 -> " in done.stderr
    plan = sweep("plan")
    assert f"{point.point_id} at epoch 2 of 4" in " ".join(plan.stdout.split())
    assert "numpy: 1.0 -> " in plan.stdout
    assert "--accept-code-change" in plan.stderr


def test_other_code_is_said_but_no_fault_where_nothing_is_to_be_run(
    sweep: Command, store: Store, result: Result
) -> None:
    by_other_code(store, result, POINTS[0], code_sha256="a" * 64, components=None)
    plan = json.loads(sweep("plan", "--json").stdout)
    assert plan["code_change"]["points"] == [POINTS[0].point_id]
    assert plan["to_run"] == []


def test_points_from_before_code_was_recorded_are_taken_as_they_are(
    sweep: Command, store: Store, result: Result
) -> None:
    by_other_code(store, result, POINTS[0], code_sha256=None, components=None)
    store.objects.delete(f"points/{POINTS[4].point_id}/result")
    assert sweep("run", *NOWHERE).returncode == 7


def test_show_tells_of_the_code_that_a_point_was_computed_with(sweep: Command) -> None:
    said = sweep("show", POINTS[0].point_id).stdout
    for name in ("code_sha256", "components", "git_commit", "git_dirty", "packages"):
        assert name in said

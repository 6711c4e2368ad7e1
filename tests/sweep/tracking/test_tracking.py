"""The MLflow mirror on a real SQLite tracking store: idempotent, complete, true, and never in the way."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from rich.console import Console

from sweep.spec import SweepSpec
from sweep.store import Attempt, State, Store
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.mirror import Mirror
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult
from trainables.snapshots import Snapshot

History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]
Result = Callable[[TrialConfig], PointResult]
SETTINGS = ["grid.architecture=[mlp, shortcut]", "grid.width=[8]", "grid.depth=[3]", "fixed.epochs=4"]


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    return Store(tmp_path)


def runs(uri: str, spec: SweepSpec) -> dict[str, Any]:
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(spec.name)
    found = client.search_runs([experiment.experiment_id]) if experiment else []
    by_point = {run.data.tags["point_id"]: run for run in found}
    assert len(by_point) == len(found), "one run per point"
    return by_point


def steps(uri: str, run: Any, metric: str) -> list[int]:
    return [entry.step for entry in mlflow.MlflowClient(uri).get_metric_history(run.info.run_id, metric)]


def test_a_finished_point_is_a_finished_run_with_the_names_of_the_contract(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = next(point for point in spec.points if point.architecture == "shortcut")
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec).replay(spec.points, store)
    found = runs(tracking_uri, spec)
    assert set(found) == {point.point_id}
    run = found[point.point_id]
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "shortcut-w8-d3-s0"
    assert run.data.params == {key: str(value) for key, value in point.flat().items()}
    tags = run.data.tags
    assert (tags["config_id"], tags["sweep"], tags["git_commit"]) == (point.config_id, spec.name, "abc")
    for name in (
        "test_error",
        "test_loss",
        "mutual_information_bits",
        "mutual_information_bits.first-merged",
        "mutual_information_bits.first-last",
        "mutual_information_balanced_bits",
    ):
        assert steps(tracking_uri, run, name) == [0, 1, 2, 3, 4], name
    assert steps(tracking_uri, run, "train_loss") == [1, 2, 3, 4]
    entries = mlflow.MlflowClient(tracking_uri).get_metric_history(run.info.run_id, "test_error")
    assert [(entry.value, entry.timestamp) for entry in entries] == [
        (record.test_error, int(record.timestamp.timestamp() * 1000)) for record in history(point, 4)
    ]


def test_replaying_adds_nothing(tracking_uri: str, spec: SweepSpec, store: Store, result: Result) -> None:
    for point in spec.points:
        store.commit_result(point, result(point))
    assert Mirror(tracking_uri, spec).replay(spec.points, store) == len(spec.points)
    assert Mirror(tracking_uri, spec).replay(spec.points, store) == 0
    fresh = Mirror(tracking_uri, spec)
    for point in spec.points:
        fresh.sync(point, store.state(point))
    for run in runs(tracking_uri, spec).values():
        assert steps(tracking_uri, run, "mutual_information_bits") == [0, 1, 2, 3, 4]


def test_a_run_left_running_by_a_killed_driver_is_ended_and_later_goes_on(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = spec.points[0]
    store.commit_snapshot(Snapshot(point, history(point, 2), ()))
    mirror = Mirror(tracking_uri, spec)
    mirror.sync(point, store.state(point), is_running=True)
    assert runs(tracking_uri, spec)[point.point_id].info.status == "RUNNING"
    Mirror(tracking_uri, spec).reconcile(spec.points, store)
    assert runs(tracking_uri, spec)[point.point_id].info.status == "KILLED"
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec).sync(point, store.state(point))
    run = runs(tracking_uri, spec)[point.point_id]
    assert run.info.status == "FINISHED"
    assert steps(tracking_uri, run, "test_error") == [0, 1, 2, 3, 4]


def test_a_failed_point_is_a_failed_run_with_its_reason(tracking_uri: str, spec: SweepSpec, store: Store) -> None:
    point = spec.points[0]
    failure = Failure("code", "ValueError: no")
    store.save_attempt(point.point_id, Attempt(1, "", "here", 0, {}, failure=failure))
    assert store.state(point).state is State.FAILED
    Mirror(tracking_uri, spec).replay(spec.points, store)
    run = runs(tracking_uri, spec)[point.point_id]
    assert (run.info.status, run.data.tags["failure_message"]) == ("FAILED", "ValueError: no")


def test_a_dead_server_is_said_once_and_costs_the_sweep_no_time(
    spec: SweepSpec, store: Store, result: Result, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for point in spec.points:
        store.commit_result(point, result(point))
    with (
        (tmp_path / "said").open("w") as file,
        BackgroundMirror(uri, spec, store, Console(file=file, width=500)) as mirror,
    ):
        start = time.monotonic()
        for point in spec.points:
            mirror.touch(point, is_running=False)
        assert time.monotonic() - start < 1
    said = (tmp_path / "said").read_text()
    assert said.count("does not answer") == 1
    assert f"next: sweep track {spec.name}" in said


def test_a_deleted_experiment_is_restored(tracking_uri: str, spec: SweepSpec, store: Store, result: Result) -> None:
    client = mlflow.MlflowClient(tracking_uri)
    Mirror(tracking_uri, spec)
    client.delete_experiment(client.get_experiment_by_name(spec.name).experiment_id)
    store.commit_result(spec.points[0], result(spec.points[0]))
    assert Mirror(tracking_uri, spec).replay(spec.points, store) == 1
    assert runs(tracking_uri, spec)


def test_the_background_mirror_is_complete_when_it_ends(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    with BackgroundMirror(tracking_uri, spec, store, Console(stderr=True)) as mirror:
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
    assert set(runs(tracking_uri, spec)) == {point.point_id for point in spec.points}


def test_a_replay_beside_a_live_driver_leaves_what_runs_running(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History
) -> None:
    point = spec.points[0]
    store.commit_snapshot(Snapshot(point, history(point, 2), ()))
    Mirror(tracking_uri, spec).sync(point, store.state(point), is_running=True)
    beside = Mirror(tracking_uri, spec)
    assert beside.replay(spec.points, store, running={point.point_id}) == 0
    beside.reconcile(spec.points, store, running={point.point_id})
    assert runs(tracking_uri, spec)[point.point_id].info.status == "RUNNING"


def test_a_run_of_another_history_than_the_results_is_replaced(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = spec.points[0]
    longer = point.model_copy(update={"epochs": 7})
    store.commit_snapshot(Snapshot(point, history(longer, 7), ()))
    Mirror(tracking_uri, spec).sync(point, store.state(point))
    store.commit_result(point, result(point))
    assert Mirror(tracking_uri, spec).replay(spec.points, store) == 1
    run = runs(tracking_uri, spec)[point.point_id]
    assert (run.info.status, steps(tracking_uri, run, "test_error")) == ("FINISHED", [0, 1, 2, 3, 4])


def test_a_run_left_running_of_which_the_store_knows_nothing_is_ended(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, tmp_path: Path
) -> None:
    point, elsewhere = spec.points[0], Store(tmp_path / "elsewhere")
    elsewhere.commit_snapshot(Snapshot(point, history(point, 2), ()))
    Mirror(tracking_uri, spec).sync(point, elsewhere.state(point), is_running=True)
    Mirror(tracking_uri, spec).reconcile(spec.points, store)
    assert runs(tracking_uri, spec)[point.point_id].info.status == "KILLED"

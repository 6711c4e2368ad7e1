"""The MLflow mirror on a real SQLite tracking store: idempotent, complete, true, and never in the way."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from rich.console import Console

from sweep.spec import SweepSpec
from sweep.store import Attempt, State, Store, store_id
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.mirror import Mirror
from tests.mirrored import runs_by_point, steps
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult
from trainables.snapshots import Snapshot

History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]
Result = Callable[[TrialConfig], PointResult]
FIRST = Attempt(1, "2026-01-02T03:04:05+00:00", "here", 0, {})
SETTINGS = [
    "grid.architecture=[mlp, shortcut]",
    "grid.width=[8]",
    "grid.depth=[3]",
    "fixed.epochs=4",
    "fixed.frozen=false",
]


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    return Store(tmp_path)


def test_a_finished_point_is_a_finished_run_with_the_names_of_the_contract(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = next(point for point in spec.points if point.architecture == "shortcut")
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec, store).replay(spec.points)
    found = runs_by_point(tracking_uri, spec)
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
        "mutual_information_bits.first-last",
        "mutual_information_balanced_bits",
    ):
        assert steps(tracking_uri, run, name) == [0, 1, 2, 3, 4], name
    assert steps(tracking_uri, run, "train_loss") == [1, 2, 3, 4]
    entries = mlflow.MlflowClient(tracking_uri).get_metric_history(run.info.run_id, "test_error")
    assert [(entry.value, entry.timestamp) for entry in entries] == [
        (record.test_error, int(record.timestamp.timestamp() * 1000)) for record in history(point, 4)
    ]


def test_no_two_metrics_of_a_run_are_charts_of_the_same_numbers(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    point = next(point for point in spec.points if point.architecture == "shortcut")
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec, store).replay(spec.points)
    run = runs_by_point(tracking_uri, spec)[point.point_id]
    of_mi = {name for name in run.data.metrics if name.startswith("mutual_information_bits")}
    assert of_mi == {"mutual_information_bits", "mutual_information_bits.first-last"}
    assert run.data.tags["default_pair"] == "first-merged"


def test_replaying_adds_nothing(tracking_uri: str, spec: SweepSpec, store: Store, result: Result) -> None:
    for point in spec.points:
        store.commit_result(point, result(point))
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == len(spec.points)
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == 0
    fresh = Mirror(tracking_uri, spec, store)
    for point in spec.points:
        fresh.sync(point, store.state(point))
    for run in runs_by_point(tracking_uri, spec).values():
        assert steps(tracking_uri, run, "mutual_information_bits") == [0, 1, 2, 3, 4]


def test_a_run_left_running_by_a_killed_driver_is_ended_and_later_goes_on(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = spec.points[0]
    store.commit_snapshot(Snapshot(point, history(point, 2), ()))
    mirror = Mirror(tracking_uri, spec, store)
    mirror.sync(point, store.state(point), is_running=True)
    assert runs_by_point(tracking_uri, spec)[point.point_id].info.status == "RUNNING"
    Mirror(tracking_uri, spec, store).reconcile(spec.points)
    assert runs_by_point(tracking_uri, spec)[point.point_id].info.status == "KILLED"
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec, store).sync(point, store.state(point))
    run = runs_by_point(tracking_uri, spec)[point.point_id]
    assert run.info.status == "FINISHED"
    assert steps(tracking_uri, run, "test_error") == [0, 1, 2, 3, 4]


def test_a_failed_point_is_a_failed_run_with_its_reason(tracking_uri: str, spec: SweepSpec, store: Store) -> None:
    point = spec.points[0]
    failure = Failure("code", "ValueError: no")
    store.save_attempt(point.point_id, Attempt(1, "", "here", 0, {}, failure=failure))
    assert store.state(point).state is State.FAILED
    Mirror(tracking_uri, spec, store).replay(spec.points)
    run = runs_by_point(tracking_uri, spec)[point.point_id]
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
    Mirror(tracking_uri, spec, store)
    client.delete_experiment(client.get_experiment_by_name(spec.name).experiment_id)
    store.commit_result(spec.points[0], result(spec.points[0]))
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == 1
    assert runs_by_point(tracking_uri, spec)


def test_the_background_mirror_is_complete_when_it_ends(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    with BackgroundMirror(tracking_uri, spec, store, Console(stderr=True)) as mirror:
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
    assert set(runs_by_point(tracking_uri, spec)) == {point.point_id for point in spec.points}


def test_a_replay_beside_a_live_driver_leaves_what_runs_running(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History
) -> None:
    point = spec.points[0]
    store.commit_snapshot(Snapshot(point, history(point, 2), ()))
    Mirror(tracking_uri, spec, store).sync(point, store.state(point), is_running=True)
    beside = Mirror(tracking_uri, spec, store)
    assert beside.replay(spec.points, running={point.point_id}) == 0
    beside.reconcile(spec.points, running={point.point_id})
    assert runs_by_point(tracking_uri, spec)[point.point_id].info.status == "RUNNING"


def test_a_run_of_another_history_than_the_results_is_replaced(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result
) -> None:
    point = spec.points[0]
    longer = point.model_copy(update={"epochs": 7})
    store.commit_snapshot(Snapshot(point, history(longer, 7), ()))
    Mirror(tracking_uri, spec, store).sync(point, store.state(point))
    store.commit_result(point, result(point))
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == 1
    run = runs_by_point(tracking_uri, spec)[point.point_id]
    assert (run.info.status, steps(tracking_uri, run, "test_error")) == ("FINISHED", [0, 1, 2, 3, 4])


def test_a_run_left_running_of_which_the_store_knows_nothing_is_ended(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, tmp_path: Path
) -> None:
    point, elsewhere = spec.points[0], Store(tmp_path / "elsewhere")
    elsewhere.commit_snapshot(Snapshot(point, history(point, 2), ()))
    Mirror(tracking_uri, spec, store).sync(point, elsewhere.state(point), is_running=True)
    Mirror(tracking_uri, spec, store).reconcile(spec.points)
    assert runs_by_point(tracking_uri, spec)[point.point_id].info.status == "KILLED"


def test_two_stores_with_a_sweep_of_one_name_leave_each_others_runs_alone(
    tracking_uri: str, spec: SweepSpec, store: Store, history: History, result: Result, tmp_path: Path
) -> None:
    point, other = spec.points[0], Store(tmp_path / "other")
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec, store).replay(spec.points)
    other.save_attempt(point.point_id, Attempt(1, "", "here", 0, {}, failure=Failure("code", "no")))
    seconds = Mirror(tracking_uri, spec, other)
    assert (seconds.runs_of_others, seconds.replay(spec.points)) == (1, 1)
    Mirror(tracking_uri, spec, other).reconcile(spec.points)
    client = mlflow.MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name(spec.name)
    assert experiment
    found = {run.data.tags["store_id"]: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert found == {store_id(store): "FINISHED", store_id(other): "FAILED"}


def test_runs_that_say_nothing_of_their_store_become_those_of_the_first_that_comes(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    point = spec.points[0]
    store.commit_result(point, result(point))
    Mirror(tracking_uri, spec, store).replay(spec.points)
    client = mlflow.MlflowClient(tracking_uri)
    client.delete_tag(
        runs_by_point(tracking_uri, spec)[point.point_id].info.run_id, "store_id"
    )  # as older versions wrote it
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == 0
    assert runs_by_point(tracking_uri, spec)[point.point_id].data.tags["store_id"] == store_id(store)


def test_the_clash_of_two_stores_is_said_once_with_a_remedy(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result, tmp_path: Path
) -> None:
    other = Store(tmp_path / "other")
    other.commit_result(spec.points[0], result(spec.points[0]))
    Mirror(tracking_uri, spec, other).replay(spec.points)
    with (
        (tmp_path / "said").open("w") as file,
        BackgroundMirror(tracking_uri, spec, store, Console(file=file, width=500)) as mirror,
    ):
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
    said = (tmp_path / "said").read_text()
    assert said.count("also holds 1 run of another store, left alone") == 1
    assert "another --tracking-uri" in said


def test_a_runs_page_begins_with_what_a_person_asks_and_its_tags_are_texts(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    """No tag is empty, JSON, or a number, which is a metric."""
    point = spec.points[0]
    provenance = {"packages": {"keras": "3.12", "numpy": "2.3"}, "device": "cpu", "cpus": 2, "threads": 1, "pid": 7}
    store.save_attempt(point.point_id, replace(FIRST, provenance=provenance))
    store.commit_result(point, replace(result(point), provenance=provenance))
    Mirror(tracking_uri, spec, store).replay(spec.points)
    run = runs_by_point(tracking_uri, spec)[point.point_id]
    shown = {name: text for name, text in run.data.tags.items() if not name.startswith("mlflow.")}
    assert all(shown.values()), shown
    assert not any(text.startswith(("{", "[")) for text in shown.values()), shown
    assert not [name for name, text in shown.items() if text.replace(".", "").isdecimal()], shown
    assert shown["packages"] == "keras 3.12, numpy 2.3"
    assert run.data.tags["mlflow.note.content"].startswith(f"{point.name} of sweep {spec.name}: finished, epoch 4 of 4")
    numbers = {"wall_seconds": 12.5, "epochs_done": 4, "attempts": 1, "cpus": 2, "threads": 1}
    assert {name: run.data.metrics.get(name) for name in numbers} == numbers
    assert "pid" not in run.data.metrics


def test_a_point_that_failed_before_its_first_epoch_has_its_numbers_too(
    tracking_uri: str, spec: SweepSpec, store: Store
) -> None:
    point = spec.points[0]
    for number in (1, 2):
        failed = replace(FIRST, number=number, failure=Failure("code", "ValueError: no"))
        store.save_attempt(point.point_id, failed)
        Mirror(tracking_uri, spec, store).replay(spec.points)
    run = runs_by_point(tracking_uri, spec)[point.point_id]
    assert (run.data.metrics["attempts"], run.data.metrics["epochs_done"]) == (2, 0)


def test_numbers_that_an_older_mirror_has_as_tags_become_metrics(
    tracking_uri: str, spec: SweepSpec, store: Store, result: Result
) -> None:
    point = spec.points[0]
    store.commit_result(point, result(point))
    mirror = Mirror(tracking_uri, spec, store)
    mirror.replay(spec.points)
    client, run = mlflow.MlflowClient(tracking_uri), runs_by_point(tracking_uri, spec)[point.point_id]
    for name in ("epochs_done", "attempts"):
        client.set_tag(run.info.run_id, name, "4")
    client.delete_tag(run.info.run_id, "mlflow.sweep.mirrored")
    assert Mirror(tracking_uri, spec, store).replay(spec.points) == 1
    again = Mirror(tracking_uri, spec, store)
    assert again.replay(spec.points) == 0
    assert not {"epochs_done", "attempts"} & runs_by_point(tracking_uri, spec)[point.point_id].data.tags.keys()

"""Collecting: the contract's columns, every point a row, the same from the store and from MLflow."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.export.parquet import write_parquet
from analysis.tables import Tables, from_store
from analysis.tables.from_mlflow import from_mlflow
from sweep.errors import UsageError
from sweep.spec import SweepSpec
from sweep.store import Attempt, Store, load
from sweep.tracking.mirror import Mirror
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PairRecord, PointResult, history_to_arrow
from trainables.snapshots import Snapshot

EPOCH_COLUMNS = """
    sweep point_id dataset architecture width depth seed initializer epoch pair mutual_information_bits
    mutual_information_balanced_bits scale_ratio test_error test_loss train_loss train_seconds measure_seconds timestamp
""".split()  # noqa: SIM905
OUTCOME_COLUMNS = """
    state attempts epochs_done final_test_error final_mutual_information_bits mi_ceiling_bits mi_null_bits
    mi_standard_error_bits jacobian_mean_squared_singular_value jacobian_spread_squared_singular_value
    wall_seconds device host backend git_commit failure_kind failure_message attempt_times
""".split()  # noqa: SIM905


@pytest.fixture
def spec() -> SweepSpec:
    return load(
        "demo",
        [
            "grid.architecture=[mlp, shortcut]",
            "grid.width=[8]",
            "grid.depth=[4]",
            "fixed.epochs=5",
            "fixed.frozen=false",
        ],
    )


@pytest.fixture
def store(
    tmp_path: Path,
    spec: SweepSpec,
    result: Callable[[TrialConfig], PointResult],
    history: Callable[[TrialConfig, int], tuple[EpochRecord, ...]],
) -> Store:
    """One point finished, one interrupted at epoch 2, one failed, one missing."""
    store = Store(tmp_path / "runs")
    finished, interrupted, failed, _ = sorted(spec.points, key=lambda point: point.architecture, reverse=True)
    store.save_spec(spec.name, spec.to_yaml())
    store.save_attempt(finished.point_id, Attempt(1, "", "here", 0, {}))
    store.commit_result(finished, result(finished))
    store.commit_snapshot(Snapshot(interrupted, history(interrupted, 2), ()))
    store.save_attempt(failed.point_id, Attempt(1, "", "here", 0, {}, failure=Failure("code", "ValueError: no")))
    return store


@pytest.fixture
def tables(store: Store, spec: SweepSpec) -> Tables:
    return from_store(store, spec.name)


def test_the_columns_are_those_of_the_contract(tables: Tables) -> None:
    assert tables.epochs.column_names == EPOCH_COLUMNS
    config = [*TrialConfig().flat()]
    assert tables.points.column_names == ["sweep", "point_id", "config_id", *config, *OUTCOME_COLUMNS]


def test_there_is_one_row_per_point_epoch_and_pair(tables: Tables) -> None:
    keys = tables.epochs.select(["point_id", "epoch", "pair"]).to_pylist()
    assert len(keys) == len({tuple(key.values()) for key in keys}) == 6 * 2 + 3 * 2
    assert {row["pair"] for row in keys} == {"first-merged", "first-last"}


def test_failures_and_missing_points_are_rows(tables: Tables) -> None:
    rows = {row["state"]: row for row in tables.points.to_pylist()}
    assert set(rows) == {"finished", "interrupted", "failed", "missing"}
    assert rows["failed"]["failure_message"] == "ValueError: no"
    assert rows["failed"]["final_test_error"] is None
    assert rows["interrupted"]["epochs_done"] == 2
    finished = rows["finished"]
    assert (finished["final_test_error"], finished["final_mutual_information_bits"]) == (0.9 / 6, 6.0)
    assert (finished["device"], finished["git_commit"], finished["wall_seconds"]) == ("cpu", "abc", 12.5)


def test_mlflow_gives_the_same_tables_as_the_store(
    store: Store, spec: SweepSpec, tables: Tables, tmp_path: Path
) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Mirror(uri, spec, store).replay(spec.points)
    mirrored = from_mlflow(uri, spec.name)
    keys = [("point_id", "ascending"), ("epoch", "ascending"), ("pair", "ascending")]
    assert mirrored.epochs.sort_by(keys).equals(tables.epochs.sort_by(keys))
    started = tables.points.filter(pa.compute.not_equal(tables.points["state"], "missing")).sort_by("point_id")
    assert mirrored.points.sort_by("point_id").equals(started)


@pytest.fixture
def isometry() -> SweepSpec:
    grid = ["initializer=[gaussian]", "gain=[1.0]", "depth=[11]", "seed=[0]"]
    return load("isometry-demo", [f"grid.{setting}" for setting in grid])


@pytest.fixture
def untrained(tmp_path: Path, isometry: SweepSpec, history: Callable[..., tuple[EpochRecord, ...]]) -> Store:
    """One point of no epochs whose layers have Jacobians that tell their number; its first attempt died."""
    store = Store(tmp_path / "untrained")
    store.save_spec(isometry.name, isometry.to_yaml())
    (point,) = isometry.points
    fields = ("jacobian_mean_squared_singular_value", "jacobian_spread_squared_singular_value")
    pairs = tuple(
        PairRecord(f"input-{layer}", None, 2.0, 0.5, **dict.fromkeys(fields, layer / 2)) for layer in range(1, 12)
    )
    record = replace(history(point, 0)[0], pairs=pairs)
    died = Attempt(1, "2026-01-02T03:04:05+00:00", "here", 0, {"device": "cpu", "pid": 7})
    store.save_attempt(point.point_id, replace(died, failure=Failure("infra", "gone")))
    store.save_attempt(point.point_id, replace(died, number=2, ended="2026-01-02T03:05:05+00:00"))
    store.commit_result(point, PointResult(point.canonical(), "finished", 2, 1.0, {}, history_to_arrow([record])))
    return store


def test_a_point_has_the_jacobian_of_its_last_layer_and_all_its_attempts(untrained: Store, isometry: SweepSpec) -> None:
    (row,) = from_store(untrained, isometry.name).points.to_pylist()
    assert row["jacobian_mean_squared_singular_value"] == row["jacobian_spread_squared_singular_value"] == 5.5
    where = {"started": "2026-01-02T03:04:05+00:00", "host": "here", "device": "cpu", "process": 7}
    assert row["attempt_times"] == [
        where | {"ended": None, "failure_kind": "infra"},
        where | {"ended": "2026-01-02T03:05:05+00:00", "failure_kind": None},
    ]


def test_pairs_too_many_for_a_tag_are_read_from_the_metrics(
    store: Store, spec: SweepSpec, tables: Tables, tmp_path: Path
) -> None:
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Mirror(uri, spec, store).replay(spec.points)
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(spec.name)
    assert experiment
    for run in client.search_runs([experiment.experiment_id]):
        client.set_tag(run.info.run_id, "pairs", "x" * 4000)  # as one that was cut
    keys = [("point_id", "ascending"), ("epoch", "ascending"), ("pair", "ascending")]
    assert from_mlflow(uri, spec.name).epochs.sort_by(keys).equals(tables.epochs.sort_by(keys))


def test_jacobians_and_attempts_survive_mlflow(untrained: Store, isometry: SweepSpec, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Mirror(uri, isometry, untrained).replay(isometry.points)
    assert from_mlflow(uri, isometry.name).points.equals(from_store(untrained, isometry.name).points)


def test_infinite_losses_survive_mlflow(
    store: Store, spec: SweepSpec, history: Callable[[TrialConfig, int], tuple[EpochRecord, ...]], tmp_path: Path
) -> None:
    point = next(point for point in spec.points if store.state(point).state == "missing")
    *before, last = history(point, 2)
    last = replace(last, train_loss=math.inf, test_loss=math.nan)
    arrow = history_to_arrow([*before, last])
    store.commit_result(point, PointResult(point.canonical(), "diverged", 1, 1.0, {}, arrow))
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Mirror(uri, spec, store).replay(spec.points)
    mirrored = from_mlflow(uri, spec.name).epochs.to_pandas()
    row = mirrored[(mirrored["point_id"] == point.point_id) & (mirrored["epoch"] == 2)].iloc[0]
    assert row["train_loss"] == math.inf
    assert math.isnan(row["test_loss"])


def test_an_unknown_experiment_names_those_that_exist(store: Store, spec: SweepSpec, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Mirror(uri, spec, store)
    with pytest.raises(UsageError, match=r"no experiment 'dmo' in .*: there are .*demo"):
        from_mlflow(uri, "dmo")


def test_parquet_holds_the_tables(tables: Tables, tmp_path: Path) -> None:
    paths = write_parquet(tables, tmp_path / "out" / "deep")
    assert [path.name for path in paths] == ["epochs.parquet", "points.parquet"]
    assert [pq.read_table(path) for path in paths] == list(tables)
    assert sorted(path.name for path in (tmp_path / "out" / "deep").iterdir()) == ["epochs.parquet", "points.parquet"]

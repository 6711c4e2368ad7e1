"""What MLflow holds of a sweep, and the law that it is what the store holds."""

from typing import Any

import mlflow

from analysis.tables import from_store
from analysis.tables.from_mlflow import from_mlflow
from sweep.spec import SweepSpec
from sweep.store import Store


def runs(uri: str, spec: SweepSpec) -> list[Any]:
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(spec.name)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def assert_equal_to_the_store(uri: str, spec: SweepSpec, store: Store) -> None:
    """Every epoch of every point once, with the values of the store; one run for each point, with a true status."""
    keys = [("point_id", "ascending"), ("epoch", "ascending"), ("pair", "ascending")]
    kept = from_store(store, spec.name).epochs
    assert from_mlflow(uri, spec.name).epochs.sort_by(keys).equals(kept.sort_by(keys))
    found, client = runs(uri, spec), mlflow.MlflowClient(uri)
    assert sorted(run.data.tags["point_id"] for run in found) == sorted(point.point_id for point in spec.points)
    assert {run.info.status for run in found} == {"FINISHED"}
    for run in found:
        for name in run.data.metrics:
            steps = [entry.step for entry in client.get_metric_history(run.info.run_id, name)]
            assert len(steps) == len(set(steps)), (run.info.run_name, name)


def runs_by_point(uri: str, spec: SweepSpec) -> dict[str, Any]:
    """The runs of a sweep by the id of their point, of which there is one each."""
    found = runs(uri, spec)
    by_point = {run.data.tags["point_id"]: run for run in found}
    assert len(by_point) == len(found), "one run per point"
    return by_point


def steps(uri: str, run: Any, metric: str) -> list[int]:
    return [entry.step for entry in mlflow.MlflowClient(uri).get_metric_history(run.info.run_id, metric)]

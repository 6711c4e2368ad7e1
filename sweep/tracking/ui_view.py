"""LEAF. What MLflow's UI shows of a sweep: the kind of its experiment, and the columns and charts of its runs."""

import json

KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Without this tag the UI asks what an experiment is, and opens it on a page for language models."""

VIEW = "sweep"
COLUMNS = (
    *(f"params.`{name}`" for name in ("architecture", "width", "depth", "seed")),
    *(f"metrics.`{name}`" for name in ("test_error", "mutual_information_bits", "mutual_information_balanced_bits")),
)
VIEWS = {
    f"mlflow.sharedViewState.{VIEW}": json.dumps(
        {"selectedColumns": COLUMNS, "orderByKey": "attributes.start_time", "orderByAsc": True}
    )
}
"""The tag of an experiment from which the UI takes its columns, at an address with `viewStateShareKey=sweep`."""


def runs_address(port: int, experiment_id: str) -> str:
    """The page of a server on this machine that shows the runs of an experiment."""
    return f"http://127.0.0.1:{port}/#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}"

"""Keep a report in MLflow: one run named `report` in the sweep's experiment, with the files as its artifacts."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from analysis.mlflow_access import experiment, runs

TAG = "report"
"""The tag by which the run is known; runs of points have none."""


def keep_report(tracking_uri: str, sweep: str, files: Mapping[str, bytes]) -> None:
    """Log the files, by path, to the run of earlier reports if there is one, in place of what it held of that name.

    Raises:
        UsageError: when MLflow has no experiment of that name, or does not answer.
    """
    with experiment(tracking_uri, sweep) as (client, experiment_id), tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        earlier = next(runs(client, experiment_id, f"tags.{TAG} != ''"), None)
        if earlier is None:
            note = {
                "mlflow.note.content": f"Claims and figures of sweep {sweep}: open report.html among the artifacts."
            }
            earlier = client.create_run(experiment_id, tags={TAG: sweep} | note, run_name="report")
        client.log_artifacts(earlier.info.run_id, folder)
        client.set_terminated(earlier.info.run_id)

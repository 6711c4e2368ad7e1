"""Keep a report in MLflow: one run named `report` in the sweep's experiment, with the files as its artifacts."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analysis.tables.mlflow_access import experiment, runs
from sweep.errors import UsageError
from sweep.tracking.settings import database_file

TAG = "report"
"""The tag by which the run is known; runs of points have none."""


def keep_report(tracking_uri: str, sweep: str, files: Mapping[str, bytes]) -> None:
    """Log the files, by path, to the run of earlier reports if there is one, in place of its files of the same path.

    Raises:
        UsageError: when MLflow has no experiment of that name, does not answer, or keeps its files where the store was
            before it was moved or copied.
    """
    with experiment(tracking_uri, sweep) as (client, experiment_id), tempfile.TemporaryDirectory() as folder:
        _check_place(tracking_uri, sweep, client.get_experiment(experiment_id).artifact_location)
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


def _check_place(tracking_uri: str, sweep: str, location: str) -> None:
    """Refuse a database file that was moved or copied: it still has the absolute path of its old artifact folder."""
    database = database_file(tracking_uri)
    if database is None or not location.startswith("file:"):
        return
    beside = database.resolve().parent
    if not Path(unquote(urlsplit(location).path)).resolve().is_relative_to(beside):
        raise UsageError(
            f"the database was moved or copied: its files would go to {location}, not beside {database}",
            next=f"put {database} aside, then sweep track {sweep} writes a new one",
        )

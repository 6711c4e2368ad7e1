"""Access to a sweep's experiment in MLflow. The only module of the analysis that imports mlflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sweep.errors import UsageError
from sweep.tracking.problems import problem
from sweep.tracking.settings import database_file, settle_mlflow


@contextmanager
def experiment(tracking_uri: str, sweep: str) -> Iterator[tuple[Any, str]]:
    """A client of MLflow, and the id of the sweep's experiment there.

    Raises:
        UsageError: when MLflow has no experiment of that name, or does not answer, now or in the block.
    """
    database = database_file(tracking_uri)
    if database and not database.is_file():
        raise UsageError(f"{tracking_uri}: no such database", next=f"sweep track {sweep} --tracking-uri {tracking_uri}")
    settle_mlflow()
    import mlflow

    try:
        client = mlflow.MlflowClient(tracking_uri)
        match = client.get_experiment_by_name(sweep)
        if match is None:
            names = ", ".join(other.name for other in client.search_experiments()) or "none"
            raise UsageError(
                f"no experiment '{sweep}' in {tracking_uri}: there are {names}", next=f"sweep track {sweep}"
            )
        yield client, str(match.experiment_id)
    except (mlflow.exceptions.MlflowException, OSError) as error:
        what, remedy = problem(tracking_uri, error)
        raise UsageError(what, next=remedy) from error


def runs(client: Any, experiment_id: str, filter_string: str) -> Iterator[Any]:
    """Every run of the experiment for which the filter holds."""
    token = None
    while True:
        page = client.search_runs([experiment_id], filter_string, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return

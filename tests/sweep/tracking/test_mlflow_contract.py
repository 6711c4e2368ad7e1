"""What `sweep.tracking` and the analysis use of MLflow beyond its documentation, in MLflow 3.17.2 (constraints.txt).

When one of these fails after an upgrade: read what MLflow does now, see who relies on it, then change `MLFLOW`.
"""

import contextlib
import logging
import math
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow
import pytest
from mlflow import environment_variables
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils import mlflow_tags

from sweep.tracking.metrics import TAG_LENGTH
from sweep.tracking.mirror import METRICS_PER_BATCH
from sweep.tracking.problems import problem
from sweep.tracking.settings import settle_mlflow

ROOT = Path(__file__).parents[3]
MLFLOW = "3.17.2"
NUMBERS = {"finite": 0.1, "negative": -1e-300, "infinite": math.inf, "minus_infinite": -math.inf, "nan": math.nan}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract") / "mlflow.db"


@pytest.fixture(scope="module")
def client(database: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{database}")


@pytest.fixture
def experiment(client: mlflow.MlflowClient, request: pytest.FixtureRequest) -> str:
    return str(client.create_experiment(request.node.name))


def test_the_version_is_the_one_that_was_checked() -> None:
    assert mlflow.__version__ == MLFLOW
    assert f"mlflow=={MLFLOW}" in (ROOT / "constraints.txt").read_text().splitlines()


@pytest.fixture
def without_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    level = logging.getLogger("urllib3").level
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    logging.getLogger("urllib3").setLevel(level)


def test_the_variables_that_bound_its_waits_are_read_when_they_are_used(without_settings: None) -> None:
    """`settle_mlflow` sets them; they are objects with a `get`, which reads the environment anew."""
    settle_mlflow()
    found = {name: getattr(environment_variables, name).get() for name in os.environ if name.startswith("MLFLOW_")}
    assert found == {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": 1,
        "MLFLOW_HTTP_REQUEST_TIMEOUT": 5,
        "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": False,
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": True,
        "MLFLOW_LOGGING_LEVEL": "WARNING",
    }


def test_its_server_does_not_execute_jobs_where_a_variable_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sweep ui` sets it."""
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    assert environment_variables.MLFLOW_SERVER_ENABLE_JOB_EXECUTION.get() is False


def test_system_tags_have_these_names() -> None:
    """The mirror and the report write them; the name of a run and its note are what the UI shows."""
    assert mlflow_tags.MLFLOW_RUN_NAME == "mlflow.runName"
    assert mlflow_tags.MLFLOW_RUN_NOTE == "mlflow.note.content"


def test_the_ui_knows_the_kind_of_an_experiment_by_this_tag() -> None:
    """Without `mlflow.experimentKind` = `custom_model_development` it asks whoever opens the experiment."""
    scripts = (Path(mlflow.__file__).parent / "server/js/build/static/js").glob("*.js")
    text = "".join(script.read_text(errors="replace") for script in scripts)
    assert "mlflow.experimentKind" in text
    assert "custom_model_development" in text


def test_the_health_of_a_server_is_asked_without_a_login() -> None:
    """`check_answers` asks `/health`; the plug-in for logins leaves that path open."""
    from mlflow.server import app

    assert "/health" in {rule.rule for rule in app.url_map.iter_rules()}
    source = (Path(mlflow.__file__).parent / "server/auth/__init__.py").read_text()
    unprotected = source.partition("_UNPROTECTED_PATH_PREFIXES = ")[2].partition(")")[0]
    assert '"/health"' in unprotected


def test_its_errors_tell_the_status_of_http() -> None:
    """`problem` asks `get_http_status_code`."""
    codes = {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "INTERNAL_ERROR": 500}
    for name, status in codes.items():
        error = mlflow.exceptions.MlflowException("no", getattr(mlflow.protos.databricks_pb2, name))
        assert error.get_http_status_code() == status
        assert ("refuses" in problem("http://there:5000", error).message) == (status in (401, 403))


def test_a_database_in_a_file_is_made_by_the_client_and_has_a_row_of_runs_for_each_run(
    client: mlflow.MlflowClient, experiment: str, database: Path
) -> None:
    """`sweep doctor` counts the table `runs`; the folder of the database must be there before."""

    def count() -> int:
        with contextlib.closing(sqlite3.connect(database)) as opened:
            return int(opened.execute("select count(*) from runs").fetchone()[0])

    before = count()
    client.create_run(experiment)
    assert count() == before + 1


def test_a_metric_logged_again_is_one_row_and_infinities_are_the_largest_floats(
    client: mlflow.MlflowClient, experiment: str
) -> None:
    """Replaying is harmless for that; `from_mlflow` makes infinities of the largest floats again."""
    run = client.create_run(experiment).info.run_id
    metrics = [Metric(name, value, 1234, 5) for name, value in NUMBERS.items()]
    for _ in range(2):
        client.log_batch(run, metrics=metrics)
    for name, value in NUMBERS.items():
        (entry,) = client.get_metric_history(run, name)
        assert (entry.timestamp, entry.step) == (1234, 5)
        kept = math.copysign(sys.float_info.max, value) if math.isinf(value) else value
        assert entry.value == kept or (math.isnan(entry.value) and math.isnan(value)), name
    assert client.get_metric_history(run, "never_logged") == []


def test_a_run_takes_what_the_mirror_sends_at_once(client: mlflow.MlflowClient, experiment: str) -> None:
    """A batch of METRICS_PER_BATCH and all params, the same params again, names with dots and dashes, long tags."""
    run = client.create_run(experiment).info.run_id
    params = [Param(f"param_{number}", "1") for number in range(50)]
    metrics = [Metric("mutual_information_bits.first-merged", 0.5, 0, step) for step in range(METRICS_PER_BATCH)]
    client.log_batch(run, metrics=metrics, params=params)
    client.log_batch(run, params=params)
    client.log_batch(run, tags=[RunTag("long", "x" * TAG_LENGTH), RunTag("empty", "")])
    assert len(client.get_metric_history(run, metrics[0].key)) == METRICS_PER_BATCH
    found = client.get_run(run).data
    assert (len(found.params), found.tags["long"], found.tags["empty"]) == (50, "x" * TAG_LENGTH, "")


def test_runs_are_found_by_a_tag_that_they_have_oldest_first_page_by_page(
    client: mlflow.MlflowClient, experiment: str
) -> None:
    """`tags.point_id != ''` leaves out runs without the tag, and a search leaves out runs that were deleted."""
    created = [
        client.create_run(experiment, start_time=start, tags={"point_id": str(start)}).info.run_id
        for start in (3000, 1000, 2000)
    ]
    client.create_run(experiment, tags={"report": "other"})
    client.delete_run(client.create_run(experiment, tags={"point_id": "deleted"}).info.run_id)
    found, token = [], None
    while token or not found:
        page = client.search_runs(
            [experiment], "tags.point_id != ''", max_results=2, order_by=["attributes.start_time ASC"], page_token=token
        )
        found += [run.info.run_id for run in page]
        token = page.token
    assert found == [created[1], created[2], created[0]]


def test_the_status_of_a_run_can_go_back_to_running(client: mlflow.MlflowClient, experiment: str) -> None:
    """Ended runs of points that are resumed run again; the end that `set_terminated` gets is kept, in milliseconds."""
    run = client.create_run(experiment).info
    assert run.status == "RUNNING"
    client.set_terminated(run.run_id, "KILLED", 123_456)
    ended = client.get_run(run.run_id).info
    assert (ended.status, ended.end_time) == ("KILLED", 123_456)
    client.update_run(run.run_id, "RUNNING")
    assert client.get_run(run.run_id).info.status == "RUNNING"


def test_a_deleted_experiment_is_still_found_by_its_name(client: mlflow.MlflowClient, experiment: str) -> None:
    name = client.get_experiment(experiment).name
    client.delete_experiment(experiment)
    found = client.get_experiment_by_name(name)
    assert found
    assert (str(found.experiment_id), found.lifecycle_stage) == (experiment, "deleted")


def test_the_address_of_artifacts_is_kept_as_it_was_given(client: mlflow.MlflowClient, tmp_path: Path) -> None:
    """The report reads a folder from it, to see whether the database was moved."""
    folder = tmp_path / "with space"
    made = client.create_experiment("with artifacts", folder.as_uri())
    location = client.get_experiment(made).artifact_location
    assert location.startswith("file:")
    assert Path(unquote(urlsplit(location).path)) == folder

"""The undocumented attributes of Ray that `sweep.cluster.ray_internals` uses are there, in the version that is pinned.

When this fails after an upgrade: read what Ray does now where each attribute was, then change `RAY`.
"""

import importlib
import inspect
import json
import os
import threading
from pathlib import Path

import pytest
import ray

from sweep.cluster import ray_internals

ROOT = Path(__file__).parents[3]
RAY = "2.60.0"

ATTRIBUTES = [
    ("ray._private.authentication.authentication_utils", "is_token_auth_enabled"),
    ("ray._private.grpc_utils", "init_grpc_channel"),
    ("ray._private.runtime_env.constants", "RAY_JOB_CONFIG_JSON_ENV_VAR"),
    ("ray._private.ray_constants", "ENABLE_RAY_CLUSTER"),
    ("ray._private.ray_constants", "GLOBAL_GRPC_OPTIONS"),
    ("ray._private.worker", "print_to_stdstream"),
    ("ray.core.generated.gcs_service_pb2", "GetClusterIdRequest"),
    ("ray.core.generated.gcs_service_pb2_grpc", "NodeInfoGcsServiceStub"),
    ("ray.tune.execution.class_cache", "ENV_VARS_TO_PROPAGATE"),
]


def test_the_version_is_the_one_that_was_checked() -> None:
    assert ray.__version__ == RAY
    assert f"ray=={RAY}" in (ROOT / "constraints.txt").read_text().splitlines()


@pytest.mark.parametrize(("module", "attribute"), ATTRIBUTES)
def test_the_attribute_is_there(module: str, attribute: str) -> None:
    assert hasattr(importlib.import_module(module), attribute), f"Ray {RAY} had {module}.{attribute}"


def test_a_channel_takes_an_address_and_options() -> None:
    from ray._private.grpc_utils import init_grpc_channel

    assert list(inspect.signature(init_grpc_channel).parameters)[:2] == ["address", "options"]


def test_ray_asks_whether_a_cluster_is_expected_when_it_starts() -> None:
    from ray._private import node, ray_constants, services

    assert isinstance(ray_constants.ENABLE_RAY_CLUSTER, bool)
    assert any("ENABLE_RAY_CLUSTER" in inspect.getsource(module) for module in (node, services))


def test_what_ray_tells_the_driver_goes_to_the_file_and_not_to_stdout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told by Ray's own thread, from a subscriber that has two messages and is then closed."""
    from ray._private import worker

    messages = iter([{"job_id": None, "error_message": "A worker died"}, {"job_id": None, "error_message": "another"}])

    class Subscriber:
        def subscribe(self) -> None: ...

        def poll(self) -> tuple[str, dict | None]:
            if (message := next(messages, None)) is None:
                stopped.set()
            return "", message

    class Driver:
        gcs_error_subscriber = Subscriber()
        current_job_id = ray.JobID.nil()

    stopped = threading.Event()
    monkeypatch.setattr(worker, "print_to_stdstream", worker.print_to_stdstream)  # put back at the end
    ray_internals.write_messages_to(tmp_path / "ray.log")
    worker.listen_error_messages(Driver(), stopped)
    assert (tmp_path / "ray.log").read_text() == "(raylet) A worker died\n(raylet) another\n"
    assert capsys.readouterr() == ("", "")


def test_tune_propagates_a_set_of_variables() -> None:
    from ray.tune.execution import class_cache

    assert isinstance(class_cache.ENV_VARS_TO_PROPAGATE, set)


def test_ray_jobs_hand_on_by_that_name() -> None:
    from ray._private.runtime_env.constants import RAY_JOB_CONFIG_JSON_ENV_VAR

    assert ray_internals.JOB_CONFIG == RAY_JOB_CONFIG_JSON_ENV_VAR


def test_trials_do_not_get_what_was_sent_for_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {"runtime_env": {"working_dir": "gcs://a.zip", "env_vars": {"A": "1"}}, "metadata": {"sweep": "one"}}
    monkeypatch.setenv(ray_internals.JOB_CONFIG, json.dumps(sent))
    ray_internals.keep_working_directory_from_trials()
    kept = {"runtime_env": {"env_vars": {"A": "1"}}, "metadata": {"sweep": "one"}}
    assert json.loads(os.environ[ray_internals.JOB_CONFIG]) == kept


def test_no_other_module_of_the_package_touches_what_ray_does_not_document() -> None:
    users = {path.name for path in (ROOT / "sweep" / "cluster").glob("*.py") if "ray._private" in path.read_text()}
    assert users == {"ray_internals.py"}

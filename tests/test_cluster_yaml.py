"""The cluster files are ones by Ray's own validator, complete, and keep everything behind SSH and a token."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILES = ("cluster.yaml", "cluster-local.yaml")
COMMANDS = ("setup_commands", "head_setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
SET = ("SET-BUCKET", "ami-SET", "SET-PROFILE")


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def cluster() -> dict[str, Any]:
    return read("cluster.yaml")


def commands(cluster: dict[str, Any], *kinds: str) -> str:
    return "\n".join(command for kind in kinds or COMMANDS for command in cluster.get(kind, []))


@pytest.mark.parametrize("name", FILES)
def test_ray_accepts_it(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(read(name)))


@pytest.mark.parametrize("name", FILES)
def test_ray_would_refuse_a_typo(name: str) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    with pytest.raises(Exception, match="max_worker"):
        validate_config(prepare_config(read(name) | {"max_worker": 3}))


@pytest.mark.parametrize("name", FILES)
def test_every_command_is_one_for_bash(name: str) -> None:
    for command in commands(read(name)).splitlines():
        done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize("name", FILES)
def test_what_listens_for_people_listens_on_localhost_only(name: str) -> None:
    cluster = read(name)
    assert "--dashboard-host=127.0.0.1" in commands(cluster, "head_start_ray_commands")
    assert "0.0.0.0" not in (ROOT / name).read_text()
    assert "listen_addresses" not in commands(cluster)
    for server in re.findall(r"mlflow server [^\"]*", commands(cluster)):
        assert "--host 127.0.0.1" in server


@pytest.mark.parametrize("name", FILES)
def test_every_node_wants_the_token_and_the_file_does_not_hold_it(name: str) -> None:
    cluster = read(name)
    assert "RAY_AUTH_MODE=token" in commands(cluster, "setup_commands")
    assert cluster["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert "chmod 600 ~/.ray/auth_token" in cluster["setup_commands"]
    assert "RAY_AUTH_TOKEN" not in commands(cluster)


@pytest.mark.parametrize("name", FILES)
def test_the_project_is_installed_with_extras_that_it_has(name: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"mi-sweep\[([a-z,]+)\]", commands(read(name)))
    assert "cluster" in named[0].split(",")
    assert {extra for one in named for extra in one.split(",")} <= extras.keys()


def test_the_head_runs_no_trials_and_spot_workers_scale_from_zero(cluster: dict[str, Any]) -> None:
    types = cluster["available_node_types"]
    head, worker = types[cluster["head_node_type"]], types["gpu_worker"]
    assert head["resources"] == {"CPU": 0}
    assert not head["node_config"]["InstanceType"].startswith(("g", "p"))
    assert worker["node_config"]["InstanceType"].startswith("g")
    assert worker["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert (worker["min_workers"], worker["max_workers"]) == (0, cluster["max_workers"])


def test_mlflow_keeps_runs_in_postgresql_and_artifacts_in_the_bucket(cluster: dict[str, Any]) -> None:
    on_head = commands(cluster, "head_setup_commands")
    assert "apt-get install -y -qq postgresql" in on_head
    assert "--backend-store-uri postgresql" in on_head
    assert "--artifacts-destination s3://SET-BUCKET/" in on_head
    assert "MLFLOW_TRACKING_URI=http://127.0.0.1:5000" in on_head
    assert "SWEEP_STORE=s3://SET-BUCKET/" in commands(cluster, "setup_commands")


def test_every_value_to_be_set_is_said_at_the_top(cluster: dict[str, Any]) -> None:
    said, used = (ROOT / "cluster.yaml").read_text().split("cluster_name:", 1)
    for name in SET:
        assert f"#   {name} " in said
    assert not re.sub("|".join(SET), "", used).count("SET")


def test_the_service_of_mlflow_is_written_as_one_for_systemd(cluster: dict[str, Any], tmp_path: Path) -> None:
    (write,) = [command for command in cluster["head_setup_commands"] if command.startswith("printf '%s\\n' '[Unit]'")]
    shown = write.partition(" | sudo tee")[0]
    command = ["env", "-i", "HOME=/home/me", "USER=me", "bash", "-c", shown]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line for line in lines if line.startswith("[")] == ["[Unit]", "[Service]", "[Install]"]
    assert "User=me" in lines
    (start,) = [line for line in lines if line.startswith("ExecStart=")]
    assert start.startswith("ExecStart=/home/me/venv/bin/mlflow server --host 127.0.0.1 ")
    assert start.endswith(" --artifacts-destination s3://SET-BUCKET/mlflow")

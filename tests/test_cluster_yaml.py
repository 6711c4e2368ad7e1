"""The cluster files are ones by Ray's own validator, complete, and keep everything behind SSH and a token."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.buckets import BUCKET, s3_server
from tests.hosts import Host, not_seen, wait_for_ray
from tests.modules import NAMES, PACKAGES, imported, package_of

ROOT = Path(__file__).parent.parent
FILES = ("cluster.yaml", "cluster-local.yaml")
COMMANDS = (
    *("setup_commands", "head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands"),
)
OPTIONAL = {"jax", "npeet_plus", "npeet"}
"""What a trial imports only where a spec or KERAS_BACKEND asks for it."""

SET = ("SET-BUCKET", "ami-SET", "SET-HEAD-PROFILE", "SET-WORKER-PROFILE")


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def cluster() -> dict[str, Any]:
    return read("cluster.yaml")


def commands(cluster: dict[str, Any], *kinds: str) -> str:
    return "\n".join(command for kind in kinds or COMMANDS for command in cluster.get(kind, []))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def worker_group() -> list[str]:
    """The requirements of the dependency group that `worker_setup_commands` install."""
    groups: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return groups["worker"]


def packages(requirements: list[str]) -> set[str]:
    """The names of these requirements, those that need an extra left out."""
    return {re.split(r"[^\w-]", one, maxsplit=1)[0].lower() for one in requirements if "extra ==" not in one}


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
    extras = project()["optional-dependencies"]
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
    assert "install -y -qq postgresql" in on_head
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


def test_the_extra_for_aws_names_what_rays_launcher_imports(cluster: dict[str, Any]) -> None:
    ray = find_spec("ray")
    assert ray is not None
    assert ray.submodule_search_locations is not None
    launcher = Path(ray.submodule_search_locations[0]) / "autoscaler" / "_private" / "aws"
    imported = set()
    for file in launcher.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    extra = packages(project()["optional-dependencies"]["aws"])
    assert "boto3" in imported
    assert imported - sys.stdlib_module_names <= extra | packages(project()["dependencies"]) | packages(requires("ray"))
    assert "mi-sweep[cluster]" in project()["optional-dependencies"]["aws"]
    assert "mi-sweep[gpu,cluster,aws,server]" in commands(cluster, "head_setup_commands")
    assert "\nboto3==" in (ROOT / "constraints.txt").read_text()


def test_the_page_on_clusters_installs_what_its_commands_need_and_has_eight_at_most() -> None:
    section = (ROOT / "docs" / "cluster.md").read_text().partition("# On a cluster\n")[2].partition("\n## ")[0]
    before, commands_of_aws = section.strip("\n").split("\n\n")[:2]
    assert "pip install -c constraints.txt '.[aws]'" in before
    lines = commands_of_aws.splitlines()
    assert all(line.startswith("    ") for line in lines)
    assert len(lines) <= 8
    (slurm,) = [block for block in section.split("\n\n") if "    srun " in block]
    assert slurm.index("RAY_AUTH_MODE=token") < slurm.index("ray get-auth-token --generate") < slurm.index("srun")


def test_workers_have_a_profile_of_their_own_and_download_nothing(cluster: dict[str, Any]) -> None:
    profiles = [one["node_config"]["IamInstanceProfile"]["Name"] for one in cluster["available_node_types"].values()]
    assert profiles == ["SET-HEAD-PROFILE", "SET-WORKER-PROFILE"]
    assert "/data" not in commands(cluster, "setup_commands", "worker_start_ray_commands")


def test_a_worker_installs_all_that_a_trial_imports_and_nothing_that_only_a_driver_needs() -> None:
    reached: set[str] = set()
    waiting = {"sweep.trial.actor", "sweep.cluster.nodes"}
    while waiting:
        reached |= waiting
        waiting = {one for name in waiting for one in imported(name) | {package_of(name)} if one in NAMES} - reached
    names = {one.partition(".")[0] for name in reached for one in imported(name)}
    foreign = names - sys.stdlib_module_names - set(PACKAGES) - OPTIONAL
    installed_by = packages_distributions()
    needed = {installed_by[name][0].lower() for name in foreign}
    assert {"ray", "keras", "numba", "pyarrow"} <= needed
    installed = packages(worker_group()).union(*(packages(requires(one) or []) for one in packages(worker_group())))
    assert needed <= installed, needed - installed
    assert not packages(worker_group()) & {"mlflow", "matplotlib", "npeet_plus", "pandas", "typer"}


def test_a_worker_installs_the_versions_that_the_project_allows() -> None:
    def bare(requirements: list[str]) -> set[str]:
        return {re.sub(r"\[.*?\]", "", one) for one in requirements}

    extras: dict[str, list[str]] = project()["optional-dependencies"]
    allowed = bare(project()["dependencies"]).union(*map(bare, extras.values()))
    assert bare(worker_group()) <= allowed


@pytest.mark.slow
def test_the_head_takes_the_data_of_the_bucket_and_goes_on_where_there_is_none(
    cluster: dict[str, Any], tmp_path: Path
) -> None:
    (fetch,) = [command for command in cluster["head_setup_commands"] if "copy_files" in command]

    def fetched(address: str) -> int:
        command = fetch.replace("s3://SET-BUCKET/data", address).replace("~/venv/bin/python", sys.executable)
        environment = os.environ | {"HOME": str(tmp_path)}
        return subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=False).returncode

    with s3_server() as server:
        server.client.put_object(Bucket=BUCKET, Key="full/data/mnist/labels", Body=b"0123")
        assert fetched(server.address("empty/data")) == 0
        assert not (tmp_path / "data").exists()
        assert fetched(server.address("full/data")) == 0
        server.turn_off()
        assert fetched(server.address("full/data")) != 0
    assert (tmp_path / "data" / "mnist" / "labels").read_bytes() == b"0123"


def test_the_heads_driver_downloads_what_the_bucket_does_not_have(cluster: dict[str, Any], tmp_path: Path) -> None:
    (setting,) = [command for command in cluster["head_setup_commands"] if "SWEEP_DATA_DIR" in command]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def data_dir() -> str:
        (tmp_path / "sweep-settings").unlink(missing_ok=True)
        command = f"{setting} && . ~/sweep-settings && echo ${{SWEEP_DATA_DIR:-none}}"
        return subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, check=True, text=True
        ).stdout

    assert data_dir() == "none\n"
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    assert data_dir() == f"{tmp_path}/data\n"


def test_a_node_that_apt_never_serves_gives_up(cluster: dict[str, Any], tmp_path: Path) -> None:
    (install,) = [command for command in cluster["setup_commands"] if "apt-get" in command]
    for name, code in ("sudo", 100), ("sleep", 0):
        (tmp_path / name).write_text(f"#!/bin/sh\necho $* >> {tmp_path}/{name}.log\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert subprocess.run(["bash", "-c", install], env=environment, timeout=500, check=False).returncode == 100
    *updates, last = (tmp_path / "sudo.log").read_text().splitlines()
    assert updates == ["apt-get update -qq"] * 60
    assert "DPkg::Lock::Timeout=" in last


def test_every_installation_by_apt_waits_for_its_lock(cluster: dict[str, Any]) -> None:
    found = re.findall(r"apt-get ([^;&]*?)install", commands(cluster))
    assert found == ["-o DPkg::Lock::Timeout=600 "] * 2


def test_what_hosts_of_their_own_would_not_see_is_found(tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to("/tmp")
    paths = [Path("/tmp/checkout"), Path("/home/me"), Path("/tmpfs"), tmp_path / "there" / "checkout"]
    assert not_seen(paths[:3]) == paths[:1]
    assert not_seen(paths[3:]) == paths[3:]


def test_hosts_that_do_not_come_up_say_why(tmp_path: Path) -> None:
    silent, loud = Host(0, tmp_path, {}), Host(1, tmp_path, {})
    (tmp_path / "sweep1.log").write_text("No module named ray")
    with pytest.raises(TimeoutError, match="sweep0 said:\nnothing\nsweep1 said:\nNo module named ray"):
        wait_for_ray("http://127.0.0.1:1", [silent, loud], {}, seconds=0)

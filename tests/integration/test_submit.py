"""Sweeps as jobs of a real cluster with tokens: its clients die, ask, interrupt, and the run does what it should."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweep.store import Store, holder
from tests.heads import Head, head
from tests.processes import finish, in_mid_training, start, wait_until
from tests.tunnels import tunnel

pytestmark = pytest.mark.slow

SPEC = """
name: {name}
fixed: {{dataset: digits, depth: 3, width: 4, epochs: {epochs}}}
measure: {{every: {epochs}}}
resources: {{gpus: 0, cpus: 1}}
"""
POINT = "mlp-w4-d3-s0"

Sweep = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    with head(cpus=2) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("submit")


@pytest.fixture(scope="module")
def sweep(cluster: Head) -> Sweep:
    """Starts a command with the cluster's address and token."""

    def run(*words: str | Path) -> "subprocess.Popen[str]":
        return start(*map(str, words), "--address", cluster.address, **cluster.client)

    return run


def spec(folder: Path, name: str, epochs: int) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(SPEC.format(name=name, epochs=epochs))
    return path


def answer(process: "subprocess.Popen[str]") -> Any:
    """What the command printed as JSON, and nothing else, once it has ended well."""
    printed, stderr = process.communicate(timeout=500)
    assert process.returncode == 0, stderr
    return json.loads(printed)


@pytest.fixture(scope="module")
def outlived(folder: Path, sweep: Sweep) -> dict[str, Any]:
    """The last status of `outlives`, a run whose client was killed in mid-training; its store is `folder/outlives`."""
    store = folder / "outlives"
    client = sweep("submit", spec(folder, "outlives", 3000), "--store", store)
    wait_until(lambda: in_mid_training(store), client)
    client.kill()
    client.communicate()
    return answer(sweep("status", "outlives", "--watch", "--json"))


def test_a_run_outlives_its_client_and_is_looked_at_from_where_its_store_is_not_seen(
    folder: Path, sweep: Sweep, outlived: dict[str, Any]
) -> None:
    store, file = folder / "outlives", folder / "outlives.yaml"
    assert (outlived["points"]["finished"], outlived["driver"]) == (1, "none")
    opened = Store(store)
    (point,) = opened.spec("outlives").points
    assert opened.state(point).state == "finished"
    assert holder(opened, "outlives") is None

    asked = [
        sweep("plan", file, "--store", store, "--json"),
        sweep("show", "outlives", POINT, "--json"),
        sweep("failures", "outlives", "--json"),
    ]
    plan, shown, failures = [answer(one) for one in asked]
    assert (plan["sweep"], plan["to_run"]) == ("outlives", [])
    assert (shown["point_id"], shown["state"]) == (point.point_id, "finished")
    assert failures == {"sweep": "outlives", "causes": [], "overcome": []}


def test_a_live_run_is_seen_kept_alone_stopped_resumed_and_interrupted(
    folder: Path, sweep: Sweep, cluster: Head
) -> None:
    store, file = folder / "endless", spec(folder, "endless", 1_000_000)
    client = sweep("submit", file, "--store", store, "--no-follow")
    code, stderr = finish(client)
    assert code == 0, stderr
    assert f"sweep stop endless --address {cluster.address}" in stderr
    waiting = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    wait_until(lambda: in_mid_training(store), waiting)
    waiting.communicate("\n")

    looking, second = sweep("status", "endless", "--json"), sweep("submit", file, "--store", store)
    assert answer(looking)["driver"] == "alive"
    code, stderr = finish(second)
    assert code == 4, stderr
    assert "already has a live driver" in stderr

    code, stderr = finish(sweep("stop", "endless"))
    assert code == 0, stderr
    assert "the driver has gone" in stderr
    assert f"next: sweep resume endless --store {store} --address {cluster.address}" in stderr

    before = newest(store)
    with tunnel(int(cluster.address.rpartition(":")[2])) as through:
        client = start("resume", "endless", "--address", f"http://127.0.0.1:{through.port}", **cluster.client)
        wait_until(lambda: newest(store) > before, client)
        through.cut()
        time.sleep(2.0)
        client.send_signal(signal.SIGINT)  # reaches the job once the link is there again
        time.sleep(3.0)
        through.mend()
        code, stderr = finish(client)
    assert code == 5, stderr
    assert stderr.count("the cluster does not answer") == 1
    assert stderr.count("endless: 1 point (1 interrupted), 1 to run") == 1
    assert "goes to job sweep-endless-resume-" in stderr
    assert "SIGINT: taking snapshots, then stopping" in stderr
    assert "stopped with 1 point to go; what was trained is kept" in stderr
    assert holder(Store(store), "endless") is None


def newest(store: Path) -> int:
    """The epoch of the newest snapshot."""
    return max((int(path.name.partition("-")[2]) for path in store.glob("points/*/snapshot-*")), default=-1)


def test_without_the_token_nothing_is_told(cluster: Head, folder: Path) -> None:
    without = {"RAY_AUTH_MODE": "disabled"}
    wrong = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
    none = {"RAY_AUTH_MODE": "token", "HOME": str(folder)}
    expected = [("wants a token", without), ("refuses the token", wrong), ("wants a token", none)]
    words = ["status", "endless", "--address", cluster.address]
    for message, client in [(message, start(*words, **environment)) for message, environment in expected]:
        code, stderr = finish(client)
        assert code == 7, stderr
        assert message in stderr
        assert "next: the same with RAY_AUTH_MODE=token, and the token in RAY_AUTH_TOKEN" in stderr


@pytest.mark.usefixtures("outlived")
def test_the_token_is_written_nowhere(cluster: Head, folder: Path, sweep: Sweep) -> None:
    code, stderr = finish(sweep("status", "unknown", "--store", folder))
    assert code == 2, stderr
    assert "unknown sweep 'unknown'" in stderr
    asked = urllib.request.Request(f"{cluster.address}/api/jobs/", headers={"Authorization": f"Bearer {cluster.token}"})
    with urllib.request.urlopen(asked, timeout=30) as told:
        jobs = told.read().decode()
    assert "sweep-outlives-run-" in jobs
    assert {job["submission_id"] for job in json.loads(jobs) if not job["metadata"]} == set()  # Ray's, of removed ones
    assert cluster.token not in jobs + stderr
    files = [path for place in (folder, cluster.folder) for path in place.rglob("*") if path.is_file()]
    assert any(path.name.startswith("job-driver-sweep-") for path in files)
    assert [path for path in files if cluster.token.encode() in path.read_bytes()] == []

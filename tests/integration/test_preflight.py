"""Nodes of a cluster that cannot use the store are named before anything is launched; data reaches those without it.

The nodes are processes of this machine. One has a mount namespace of its own, in which the folder of the store, or that
of the data, is another, empty one: as on a host where it is not mounted.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.buckets import CREDENTIALS, Server
from tests.epoch_tables import epochs
from tests.nvidia import Card, folder_of
from tests.processes import ONE_AT_A_TIME, finish, kill_with_descendants, start, wait_until
from tests.servers import free_port
from tests.struck import Sweeps

SPEC = """
name: tiny
fixed: {dataset: digits, architecture: mlp, depth: 3, epochs: 5}
grid: {width: [4, 5, 6]}
resources: {gpus: 0, cpus: 1}
"""
SMALL = "100000000"
pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1200)]

Node = Callable[..., None]


@pytest.fixture
def session() -> Iterator[Path]:
    """Where Ray keeps its logs; sockets below it allow no long path."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def head(session: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a head that runs no trials, in whose environment are no credentials of a bucket."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    port = free_port()
    with ray_start("--head", f"--port={port}", "--num-cpus=0", f"--temp-dir={session}", "--include-dashboard=false"):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def add(head: str) -> Iterator[Node]:
    """Adds a node with one CPU, and GPUs if so many are given, from which the given folders cannot be seen."""
    with contextlib.ExitStack() as stack:

        def start_one(*hidden: Path, gpus: int = 0) -> None:
            stack.enter_context(ray_start(f"--address={head}", "--num-cpus=1", hidden=hidden, gpus=gpus))

        yield start_one


@contextlib.contextmanager
def ray_start(*options: str, hidden: tuple[Path, ...] = (), gpus: int = 0) -> Iterator[None]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *options]
    command += ["--node-ip-address=127.0.0.1", f"--num-gpus={gpus}", f"--object-store-memory={SMALL}"]
    if hidden:
        mounts = "".join(f"mount -t tmpfs tmpfs '{folder}' && " for folder in hidden)
        command = ["unshare", "--mount", "sh", "-c", f'{mounts}exec "$@"', "sh", *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, env=environment, text=True, start_new_session=True, **pipes)  # type: ignore[call-overload]
    try:
        output = []
        for line in process.stdout:
            output.append(line)
            if "--block" in line:
                break
        else:
            if hidden and "ermitted" in "".join(output):
                pytest.skip(f"not allowed to mount: {output}")
            pytest.fail(f"Ray did not start: {output}")
        yield
    finally:
        kill_with_descendants(process)
        process.communicate()


def test_a_node_without_the_store_is_named_and_nothing_is_launched(
    spec_file: Path, tmp_path: Path, head: str, add: Node
) -> None:
    store = tmp_path / "runs"
    store.mkdir()
    add()
    add(store)
    arguments = ["run", str(spec_file), "--address", head, "--store", str(store)]
    code, stderr = finish(start(*arguments))
    assert code == 7, stderr
    assert "checking the store and sending the data on 2 nodes of the cluster" in stderr
    assert "1 of 2 nodes that could hold a trial cannot run one:" in stderr
    assert f"what the driver wrote to {store} is not there for it: it is another place, or not mounted" in stderr
    assert "next: mount the store there at the same path, or choose a --store that every node sees" in stderr
    assert sorted(path.name for path in (store / "sweeps/tiny").iterdir()) == ["spec.yaml"]
    assert not (store / "points").exists()


def test_a_node_without_the_store_that_comes_later_ends_the_run_before_it_trains(
    tmp_path: Path, head: str, add: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, store = tmp_path / "tiny.yaml", tmp_path / "runs"
    spec.write_text(SPEC.replace("width: [4, 5, 6]", "seed: 0..999"))
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.strike("slow_down", seconds=0.2)
    for name in ("PYTHONPATH", "SWEEP_TEST_STRIKE"):
        monkeypatch.setenv(name, sweeps.environment[name])
    store.mkdir()
    add()
    process = start("run", str(spec), "--address", head, "--store", str(store))
    wait_until(lambda: any(store.glob("points/*/result")), process)
    add(store)
    code, stderr = finish(process)
    assert code == 7, stderr
    assert f"has joined the cluster, but what the driver wrote to {store} is not there for it" in stderr
    assert "next: mount the store there at the same path" in stderr
    opened = Store(store)
    states = {str(opened.state(point).state) for point in opened.spec("tiny").points}
    assert states <= {"finished", "interrupted", "missing"}


def test_trials_on_other_nodes_reach_the_bucket_and_get_the_data_and_no_log_tells_the_credentials(
    s3: Server, spec_file: Path, tmp_path: Path, head: str, add: Node, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with monkeypatch.context() as of_the_node:
        small = folder_of(tmp_path, Card("GPU-aaaa-1", "Card", 1024, 1000))
        of_the_node.setenv("PYTHONPATH", str(small), prepend=os.pathsep)
        add(gpus=1)
    store = s3.address()
    code, stderr = finish(start("run", str(spec_file), "--address", head, "--store", store, "--gpus-per-trial", "0.25"))
    assert code == 0, stderr
    assert "0.25 GPU for each lets 4 trials share one Card" in stderr
    assert "checking the store and sending the data on 1 node of the cluster" in stderr
    alone = str(tmp_path / "alone")
    code, stderr = finish(start("run", str(spec_file), "--store", alone, *ONE_AT_A_TIME))
    assert code == 0, stderr
    pd.testing.assert_frame_equal(epochs(store, "tiny"), epochs(alone, "tiny"), check_exact=True)
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"].encode()
    told = [path for path in session.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert told == []


@pytest.mark.mnist
def test_data_that_only_the_driver_has_reaches_the_trials(
    tmp_path: Path, head: str, add: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = os.environ.get("SWEEP_DATA_DIR")
    if not source:
        pytest.skip("SWEEP_DATA_DIR is not set")
    data = tmp_path / "data"
    shutil.copytree(Path(source) / "mnist", data / "mnist")
    spec = tmp_path / "tiny.yaml"
    measure = "measure: {pairs: [first-merged], samples: 200}\n"
    spec.write_text(
        SPEC.replace("digits", "mnist").replace("epochs: 5", "epochs: 1").replace("[4, 5, 6]", "[4]") + measure
    )
    store = tmp_path / "runs"
    add(data)
    code, stderr = finish(start("run", str(spec), "--address", head, "--store", str(store), "--data-dir", str(data)))
    assert code == 0, stderr
    alone = str(tmp_path / "alone")
    code, stderr = finish(start("run", str(spec), "--store", alone, "--data-dir", str(data), *ONE_AT_A_TIME))
    assert code == 0, stderr
    pd.testing.assert_frame_equal(epochs(store, "tiny"), epochs(alone, "tiny"), check_exact=True)

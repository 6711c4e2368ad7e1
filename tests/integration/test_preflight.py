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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.buckets import CREDENTIALS, Server
from tests.epoch_tables import epochs, undisturbed
from tests.nvidia import Card, folder_of
from tests.processes import finish, kill_with_descendants, start, wait_until
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


@dataclass(frozen=True)
class Head:
    """The address of a head that runs no trials, and where Ray keeps its logs."""

    address: str
    session: Path


@contextlib.contextmanager
def started_head() -> Iterator[Head]:
    """A head in whose environment are no credentials of a bucket; its token is in that of this process."""
    port, session = free_port(), Path(tempfile.mkdtemp(prefix="ray-"))  # sockets below it allow no long path
    options = [f"--port={port}", "--num-cpus=0", f"--temp-dir={session}", "--include-dashboard=false"]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        with ray_start("--head", *options):
            yield Head(f"127.0.0.1:{port}", session)
    shutil.rmtree(session, ignore_errors=True)


def started_node(head: Head, *hidden: Path, gpus: int = 0) -> contextlib.AbstractContextManager[None]:
    """One more node with one CPU, and GPUs if so many are given, from which the given folders cannot be seen."""
    return ray_start(f"--address={head.address}", "--num-cpus=1", hidden=hidden, gpus=gpus)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the node of `one_node` cannot see."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def one_node(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    """A head and a node that has a small GPU, as NVIDIA's driver tells, and does not see the data."""
    small = folder_of(tmp_path_factory.mktemp("card"), Card("GPU-aaaa-1", "Card", 1024, 1000))
    with started_head() as head, contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as of_the_node:
            of_the_node.setenv("PYTHONPATH", str(small), prepend=os.pathsep)
            stack.enter_context(started_node(head, data, gpus=1))
        yield head


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


@pytest.mark.cluster
def test_a_node_without_the_store_that_comes_later_ends_the_run_and_the_next_names_it_and_launches_nothing(
    spec_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, shared = tmp_path / "tiny.yaml", tmp_path / "shared"
    spec.write_text(SPEC.replace("width: [4, 5, 6]", "seed: 0..999"))
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.strike("slow_down", seconds=0.2)
    for name in ("PYTHONPATH", "SWEEP_TEST_STRIKE"):
        monkeypatch.setenv(name, sweeps.environment[name])
    shared.mkdir()
    store, other = shared / "runs", shared / "others"
    with started_head() as head, started_node(head):
        process = start("run", str(spec), "--address", head.address, "--store", str(store))
        wait_until(lambda: any(store.glob("points/*/result")), process)
        with started_node(head, shared):
            code, stderr = finish(process)
            refused, why = finish(start("run", str(spec_file), "--address", head.address, "--store", str(other)))
    assert code == 7, stderr
    assert f"has joined the cluster, but what the driver wrote to {store} is not there for it" in stderr
    assert "next: mount the store there at the same path" in stderr
    opened = Store(store)
    states = {str(opened.state(point).state) for point in opened.spec("tiny").points}
    assert states <= {"finished", "interrupted", "missing"}
    assert refused == 7, why
    assert "checking the store and sending the data on 2 nodes of the cluster" in why
    assert "1 of 2 nodes that could hold a trial cannot run one:" in why
    assert f"what the driver wrote to {other} is not there for it: it is another place, or not mounted" in why
    assert "next: mount the store there at the same path, or choose a --store that every node sees" in why
    assert sorted(path.name for path in (other / "sweeps/tiny").iterdir()) == ["spec.yaml"]
    assert not (other / "points").exists()


def test_trials_on_other_nodes_reach_the_bucket_and_get_the_data_and_no_log_tells_the_credentials(
    s3: Server, spec_file: Path, tmp_path: Path, one_node: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    store, options = s3.address(), ["--address", one_node.address, "--gpus-per-trial", "0.25"]
    code, stderr = finish(start("run", str(spec_file), "--store", store, *options))
    assert code == 0, stderr
    assert "0.25 GPU for each lets 4 trials share one Card" in stderr
    assert "checking the store and sending the data on 1 node of the cluster" in stderr
    expected = undisturbed(spec_file, tmp_path / "alone", "tiny")
    pd.testing.assert_frame_equal(epochs(store, "tiny"), expected, check_exact=True)
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"].encode()
    told = [path for path in one_node.session.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert told == []


@pytest.mark.mnist
def test_data_that_only_the_driver_has_reaches_the_trials(tmp_path: Path, one_node: Head, data: Path) -> None:
    source = os.environ.get("SWEEP_DATA_DIR")
    if not source:
        pytest.skip("SWEEP_DATA_DIR is not set")
    shutil.copytree(Path(source) / "mnist", data / "mnist")
    spec = tmp_path / "tiny.yaml"
    measure = "measure: {pairs: [first-merged], samples: 200}\n"
    spec.write_text(
        SPEC.replace("digits", "mnist").replace("epochs: 5", "epochs: 1").replace("[4, 5, 6]", "[4]") + measure
    )
    store = tmp_path / "runs"
    options = ["--address", one_node.address, "--store", str(store), "--data-dir", str(data)]
    code, stderr = finish(start("run", str(spec), *options))
    assert code == 0, stderr
    expected = undisturbed(spec, tmp_path / "alone", "tiny", data)
    pd.testing.assert_frame_equal(epochs(store, "tiny"), expected, check_exact=True)

"""The mirror against a real MLflow server over HTTP, and a server that is not there for a while."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from analysis.collect import from_store
from analysis.from_mlflow import from_mlflow
from sweep.spec_reader import load
from sweep.store import Store
from sweep.tracking import BackgroundMirror, Mirror
from trainables.config import TrialConfig
from trainables.records import PointResult


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(port: int, database: Path) -> subprocess.Popen[bytes]:
    command = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = subprocess.Popen(
        [sys.executable, *command, "--backend-store-uri", f"sqlite:///{database}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError("the MLflow server did not start")


def test_an_outage_during_the_sweep_leaves_nothing_behind_once_replayed(
    tmp_path: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    settings = ["grid.seed=[0]", "grid.width=[8]", "grid.depth=[4]", "fixed.epochs=5", "name=served"]
    spec, store, port = load("demo", settings), Store(tmp_path / "runs"), free_port()
    uri = f"http://127.0.0.1:{port}"
    store.save_spec(spec.name, spec.to_yaml())
    with BackgroundMirror(uri, spec, store, Console(stderr=True)) as mirror:
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
    server = serve(port, tmp_path / "mlflow.db")
    try:
        assert Mirror(uri, spec).replay(spec.points, store) == len(spec.points)
        assert Mirror(uri, spec).replay(spec.points, store) == 0
        mirrored = from_mlflow(uri, spec.name).epochs
    finally:
        server.terminate()
        server.wait(timeout=30)
    keys = [("point_id", "ascending"), ("epoch", "ascending"), ("pair", "ascending")]
    assert mirrored.sort_by(keys).equals(from_store(store, spec.name).epochs.sort_by(keys))

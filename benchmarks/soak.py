"""Kill a sweep until it is done, and prove that nothing was lost or repeated: python -m benchmarks.soak

200 small points run once undisturbed, then again while the driver and single workers are killed (SIGKILL) at random
moments and the MLflow server goes down and up; the same command is given again until it says that all is done. Then the
two stores are compared, and MLflow with them. What was found goes to benchmarks/results/soak.md; the exit code is 1
unless everything holds. The seed that is printed repeats the choices, though not the moments at which the machine
reaches them.
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pandas as pd
import psutil

from analysis.collect import from_store
from sweep.lease import holder
from sweep.options import settle_mlflow
from sweep.store import Store

RESULTS = Path(__file__).parent / "results"
NAME = "soak"
SPEC = """
name: soak
description: Small points to be killed.
fixed: {dataset: digits, depth: 3, epochs: EPOCHS}
grid:
  architecture: [mlp, shortcut_resnet]
  width: [4, 6]
  seed: 0..49
measure: {every: 5, pairs: [first-last]}
resources: {gpus: 0, cpus: 1}
"""
SNAPSHOT_SECONDS = 1.0
MOST_LOST_SECONDS = 10 * SNAPSHOT_SECONDS
"""The start of a training, which loads and compiles before its first snapshot, counts as lost work too."""
CLOCKS = ["train_seconds", "measure_seconds", "timestamp"]
SWEEP = [sys.executable, "-c", "from sweep.cli import main; main()"]


@dataclass
class Record:
    """What was done to the sweep, and what each kill cost."""

    driver_kills: int = 0
    worker_kills: int = 0
    outages: int = 0
    starts: int = 0
    lost_seconds: list[float] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)


def main() -> None:
    """Run the soak and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--minutes", type=float, default=10.0, help="for all; kills end in time to finish by then")
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        root = Path(folder)
        spec = root / "soak.yaml"
        spec.write_text(SPEC.replace("EPOCHS", str(options.epochs)))
        calm, wild = root / "calm", root / "wild"
        code = _start(spec, calm, f"sqlite:///{root}/calm.db", root / "calm.log").wait()
        assert code == 0, (root / "calm.log").read_text()
        calm_seconds = time.monotonic() - began
        print(f"undisturbed: {calm_seconds:.0f} s", flush=True)
        with _server(root) as server:
            deadline = began + 60 * options.minutes - 0.6 * calm_seconds
            record = _disturb(spec, wild, server, random.Random(options.seed), deadline, root / "wild.log")
            server.up()
            findings = _compare(Store(calm), Store(wild), server.uri, record, options.epochs)
    seconds = time.monotonic() - began
    report = _report(findings, record, calm_seconds, seconds, options.seed)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "soak.md").write_text(report)
    print(report)
    sys.exit(0 if all(findings.values()) else 1)


def _start(spec: Path, store: Path, tracking_uri: str, log: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SWEEP_SNAPSHOT_SECONDS": str(SNAPSHOT_SECONDS)}
    command = [*SWEEP, "run", str(spec), "--store", str(store), "--tracking-uri", tracking_uri, "--retry", "infra"]
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


class _Server:
    """An MLflow tracking server that can be killed and started again on the same port and database."""

    def __init__(self, root: Path) -> None:
        self._root = root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def up(self) -> None:
        if self.is_up:
            return
        where = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", "1"]
        kept = ["--backend-store-uri", f"sqlite:///{self._root}/mlflow.db", "--artifacts-destination", str(self._root)]
        command = [sys.executable, "-m", "mlflow", "server", *where, *kept]
        with (self._root / "server.log").open("ab") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
        while not _answers(f"{self.uri}/health"):
            time.sleep(0.2)

    def down(self) -> None:
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _server(root: Path) -> Iterator[_Server]:
    server = _Server(root)
    server.up()
    try:
        yield server
    finally:
        server.down()


def _disturb(spec: Path, store: Path, server: _Server, chance: random.Random, deadline: float, log: Path) -> Record:
    """Run the sweep again and again; until the deadline, kill what chance says when it says."""
    record = Record()
    while True:
        driver = _start(spec, store, server.uri, log)
        record.starts += 1
        while driver.poll() is None:
            wait_until = time.monotonic() + chance.uniform(4.0, 25.0)
            while driver.poll() is None and time.monotonic() < wait_until:
                time.sleep(0.1)
            if driver.poll() is not None or time.monotonic() > deadline:
                continue
            deed = chance.choices(["driver", "worker", "server"], [3, 3, 2])[0]
            print(f"{time.strftime('%H:%M:%S')} {deed}", flush=True)
            if deed == "server":
                record.outages += server.is_up
                (server.down if server.is_up else server.up)()
                continue
            victim = _worker(driver.pid, chance) if deed == "worker" else psutil.Process(driver.pid)
            if victim is None:
                continue
            record.finished |= _finished(store)
            lost = _unsaved_seconds(store)
            victim.kill()
            record.lost_seconds += lost if deed == "driver" else lost[:1]
            record.driver_kills += deed == "driver"
            record.worker_kills += deed == "worker"
        if driver.returncode == 0:
            return record
        assert driver.returncode in (-signal.SIGKILL, 3), f"exit {driver.returncode}: {log.read_text()[-4000:]}"


def _worker(driver: int, chance: random.Random) -> psutil.Process | None:
    """A process that trains a point, if there is one."""
    try:
        everyone = psutil.Process(driver).children(recursive=True)
        workers = [process for process in everyone if "Trainable" in " ".join(process.cmdline())]
    except psutil.NoSuchProcess:
        return None
    return chance.choice(workers) if workers else None


def _finished(store: Path) -> set[str]:
    return {path.parent.name for path in store.glob("points/*/result")}


def _unsaved_seconds(store: Path) -> list[float]:
    """For each point in training, for how long it has trained since its newest snapshot or its start, longest first."""
    driver, now, unsaved = holder(Store(store), NAME), time.time(), []
    for point in driver.work.get("running", {}) if driver else ():
        moments = []
        for path in [*store.glob(f"points/{point}/snapshot-*"), *store.glob(f"points/{point}/attempt-*")]:
            with contextlib.suppress(FileNotFoundError):  # replaced by the next, or by the result
                moments.append(path.stat().st_mtime)
        if moments and not (store / "points" / point / "result").exists():
            unsaved.append(now - max(moments))
    return sorted(unsaved, reverse=True)


def _compare(calm: Store, wild: Store, uri: str, record: Record, epochs: int) -> dict[str, bool]:
    """What must hold, and whether it does."""
    tables = from_store(wild, NAME)
    rows, points = tables.epochs.to_pandas(), tables.points.to_pandas()
    expected = from_store(calm, NAME).epochs.to_pandas()
    per_point = rows.groupby("point_id").epoch.agg(list)
    repeated = sum(len(wild.attempts(point)) > _attempts_until_done(wild, point) for point in points.point_id)
    runs = _runs(uri)
    return {
        f"all {len(points)} points are finished, each once": bool((points.state == "finished").all())
        and points.point_id.is_unique,
        "every epoch of every point is in the tables once": bool(
            per_point.map(lambda found: found == list(range(epochs + 1))).all()
        ),
        "the tables equal those of the undisturbed run, bit for bit, but for clocks": rows.drop(columns=CLOCKS).equals(
            expected.drop(columns=CLOCKS)
        ),
        "no finished point was computed again": repeated == 0 and record.finished <= set(points.point_id),
        f"no kill lost more than {MOST_LOST_SECONDS:g} s of a training": max(record.lost_seconds, default=0.0)
        <= MOST_LOST_SECONDS,
        "MLflow holds one finished run per point, and each epoch of it once": runs
        == {point: ("FINISHED", list(range(epochs + 1))) for point in points.point_id},
    }


def _attempts_until_done(store: Store, point_id: str) -> int:
    """The number of the attempt that finished the point."""
    (point,) = (point for point in store.spec(NAME).points if point.point_id == point_id)
    result = store.result(point)
    return result.attempt if result else 0


def _runs(uri: str) -> dict[str, tuple[str, list[int]]]:
    settle_mlflow()
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(NAME)
    found: dict[str, tuple[str, list[int]]] = {}
    for run in client.search_runs([experiment.experiment_id], max_results=5000):
        steps = sorted(metric.step for metric in client.get_metric_history(run.info.run_id, "test_error"))
        point = run.data.tags["point_id"]
        found[point if point not in found else f"{point} again"] = (run.info.status, steps)
    return found


def _report(findings: dict[str, bool], record: Record, calm: float, seconds: float, seed: int) -> str:
    lost = pd.Series(record.lost_seconds, dtype=float)
    cost = f"median {lost.median():.2f} s, largest {lost.max():.2f} s" if len(lost) else "none"
    lines = [
        "# Killed until done",
        "",
        f"200 points on digits, {os.cpu_count()} CPUs, seed {seed}; a snapshot every {SNAPSHOT_SECONDS:g} s. "
        f"Undisturbed: {calm:.0f} s; all together {seconds:.0f} s.",
        "",
        f"- driver killed {record.driver_kills} times, workers {record.worker_kills} times, the MLflow server down "
        f"{record.outages} times; the command was given {record.starts} times",
        f"- work lost per killed trial: {cost} since its last snapshot or its start",
        *(f"- {'holds' if holds else 'FAILS'}: {claim}" for claim, holds in findings.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

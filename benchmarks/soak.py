"""Kill a sweep until it is done, and prove that nothing was lost or repeated: python -m benchmarks.soak

200 small points run once undisturbed, then again while a worker, the driver, Ray's raylet or gcs, or all of these at
once are killed (SIGKILL) at random moments, every second time followed by another of them within five seconds, and the
MLflow server goes down and up; the same command is given again until it says that all is done, and once more. Then the
two stores are compared, and MLflow with them, and what is left of processes and temporary folders is counted. What was
found goes to benchmarks/results/soak.md; the exit code is 1 unless everything holds. The seed that is printed repeats
the choices, though not the moments at which the machine reaches them.
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
from pathlib import Path

import psutil

from benchmarks.soak_findings import NAME, SNAPSHOT_SECONDS, Record, compare, report
from benchmarks.soak_strikes import KINDS, MOST_SECONDS_BETWEEN, WEIGHTS, kill, victims
from sweep.store import Store, holder

RESULTS = Path(__file__).parent / "results"
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
RAY_ENDS_IT = "Failed to register worker to Raylet"
"""Said by Ray, with exit code 1, where its raylet dies while the driver connects: nothing in Python could catch it."""
NOT_LEFTOVERS = (f"sweep-{os.getuid()}", "db_init_lock-")
"""Our empty folder, and a lock of MLflow's own."""
SWEEP = [sys.executable, "-c", "from analysis.cli import main; main()"]


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
        os.environ["TMPDIR"] = str(root / "t")
        (root / "t").mkdir()
        code = _start(spec, calm, f"sqlite:///{root}/calm.db", root / "calm.log").wait()
        assert code == 0, (root / "calm.log").read_text()
        calm_seconds = time.monotonic() - began
        print(f"undisturbed: {calm_seconds:.0f} s", flush=True)
        with _server(root) as server:
            deadline = began + 60 * options.minutes - 0.6 * calm_seconds
            record = _disturb(spec, wild, server, random.Random(options.seed), deadline, root / "wild.log")
            server.up()
            if "MLflow is behind the store" in (root / "wild.log").read_text():
                record.track_seconds = _track(wild, server)
            findings = _once_more(spec, wild, server, root)
            findings |= compare(Store(calm), Store(wild), server.uri, record, options.epochs)
    seconds = time.monotonic() - began
    told = report(findings, record, calm_seconds, seconds, options.seed)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "soak.md").write_text(told)
    print(told)
    sys.exit(0 if all(findings.values()) else 1)


def _start(spec: Path, store: Path, tracking_uri: str, log: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SWEEP_SNAPSHOT_SECONDS": str(SNAPSHOT_SECONDS)}
    command = [*SWEEP, "run", str(spec), "--store", str(store), "--tracking-uri", tracking_uri]
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


def _track(store: Path, server: "_Server") -> float:
    """Do what a run says that ends before MLflow has caught up; how long it took."""
    began = time.monotonic()
    command = [*SWEEP, "track", NAME, "--store", str(store), "--tracking-uri", server.uri]
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - began


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


def _once_more(spec: Path, store: Path, server: _Server, root: Path) -> dict[str, bool]:
    """Give the command when all is done: whether it has nothing to do, and leaves nothing behind."""
    code = _start(spec, store, server.uri, root / "done.log").wait()
    processes = _processes(root)
    for _ in range(100):  # Ray's own agents look a few times more for their raylet before they end
        if not processes:
            break
        time.sleep(1.0)
        processes = _processes(root)
    left = [path.name for path in (root / "t").rglob("*") if not path.name.startswith(NOT_LEFTOVERS)]
    if processes or left:
        print(f"left: {processes}, {left[:20]}")
    return {
        "the same command once more has nothing to do": code == 0 and "0 to run" in (root / "done.log").read_text(),
        "no process of the killed runs is left, and no temporary folder or file": not processes and not left,
    }


def _processes(root: Path) -> list[str]:
    """Names of the living processes that have the folder in their command line, but for the MLflow server."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line[:200] for line in lines if str(root) in line and "mlflow" not in line]


def _disturb(spec: Path, store: Path, server: _Server, chance: random.Random, deadline: float, log: Path) -> Record:
    """Run the sweep again and again; until the deadline, kill what chance says when it says."""
    record = Record()
    while True:
        driver = _start(spec, store, server.uri, log)
        record.starts += 1
        while driver.poll() is None:
            _wait(driver, chance.uniform(3.0, 14.0))
            if driver.poll() is not None or time.monotonic() > deadline:
                continue
            deed = chance.choices([*KINDS, "server"], [*WEIGHTS, 3])[0]
            then = chance.choice([None, *KINDS])
            pause = chance.uniform(0.0, MOST_SECONDS_BETWEEN)
            print(f"{time.strftime('%H:%M:%S')} {deed}, {then} after {pause:.1f} s", flush=True)
            if deed == "server":
                record.outages += server.is_up
                (server.down if server.is_up else server.up)()
                continue
            begun = time.time()
            below = psutil.Process(driver.pid).children(recursive=True)
            hit = _strike(deed, driver, below, store, record, chance, since=0.0)
            if hit and then:
                time.sleep(pause)
                with contextlib.suppress(psutil.NoSuchProcess):
                    below += psutil.Process(driver.pid).children(recursive=True)
                if _strike(then, driver, below, store, record, chance, since=begun):
                    record.pairs[f"{deed}, {then}"] += 1
        if driver.returncode == 0:
            return record
        said = log.read_text()[-4000:]
        record.ended_by_ray += driver.returncode == 1 and RAY_ENDS_IT in said
        assert driver.returncode in (-signal.SIGKILL, 5, 7) or RAY_ENDS_IT in said, f"exit {driver.returncode}: {said}"


def _wait(driver: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while driver.poll() is None and time.monotonic() < until:
        time.sleep(0.1)


def _strike(
    kind: str,
    driver: subprocess.Popen[bytes],
    below: list[psutil.Process],
    store: Path,
    record: Record,
    chance: random.Random,
    since: float,
) -> bool:
    """Kill processes of that kind, and record what it costs the trainings; whether there were any."""
    struck = victims(kind, driver.pid, below)
    if kind == "worker" and struck:
        struck = [chance.choice(struck)]
    finished, unsaved = _finished(store), _unsaved(store, since)
    if not kill(struck):
        return False
    record.finished |= finished
    for seconds, is_trained in unsaved[:1] if kind == "worker" else unsaved:
        (record.lost_training if is_trained else record.lost_starts).append(seconds)
    record.kills[kind] += 1
    return True


def _finished(store: Path) -> set[str]:
    return {path.parent.name for path in store.glob("points/*/result")}


def _unsaved(store: Path, since: float) -> list[tuple[float, bool]]:
    """For each running point: seconds of work that are in no snapshot, and whether it had trained; longest first.

    Those that have written nothing since that time, that of a kill just before, may be dead already and are left out.
    A point that has no snapshot of its present attempt is still loading and compiling: the first comes with epoch 0.
    """
    driver, now, unsaved = holder(Store(store), NAME), time.time(), []
    for point in driver.work.get("running", {}) if driver else ():
        newest = {"snapshot": 0.0, "attempt": 0.0}
        for kind in newest:
            for path in store.glob(f"points/{point}/{kind}-*"):
                with contextlib.suppress(FileNotFoundError):  # replaced by the next, or by the result
                    newest[kind] = max(newest[kind], path.stat().st_mtime)
        if max(newest.values()) > since and newest["attempt"] and not (store / "points" / point / "result").exists():
            unsaved.append((now - max(newest.values()), newest["snapshot"] > newest["attempt"]))
    return sorted(unsaved, key=lambda one: (one[1], one[0]), reverse=True)


if __name__ == "__main__":
    main()

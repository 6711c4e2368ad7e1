"""Doctor: what it finds, what makes a machine unfit, and the exit code that says so."""

import json
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sweep.cli import doctor_checks
from sweep.cli.doctor import conclude
from sweep.cli.doctor_checks import FIT, NOT_FIT, WARNING, CheckResult
from sweep.errors import ClusterUnusable, StorageFault, UsageError
from sweep.spec import Resources, trials_at_a_time
from sweep.storage import place_of
from sweep.system import machine
from sweep.system.machine import Gpu
from tests.buckets import Server
from tests.commands import Command
from trainables.config import TrialConfig

H200 = Gpu("NVIDIA H200", 143_771, 143_000, "550.1")
CPU_ONLY, ONE_GPU = Resources(gpus=0, cpus=1), Resources(gpus=1, cpus=1)


def fit_machine(monkeypatch: pytest.MonkeyPatch, gpus: list[Gpu], seen: int = 0, cpus: int = 2) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: gpus)
    monkeypatch.setattr(machine, "cpus", lambda: cpus)
    monkeypatch.setattr(doctor_checks, "_gpus_of_backend", lambda name: seen)


@pytest.mark.parametrize(
    ("gpus", "seen", "wanted", "verdict", "found"),
    [
        ([], 0, CPU_ONLY, FIT, "none is asked for"),
        ([], 0, ONE_GPU, WARNING, "no GPU in this machine"),
        ([H200], 1, ONE_GPU, FIT, "NVIDIA H200 (143,000 of 143,771 MiB free), driver 550.1; tensorflow sees 1"),
        ([H200], 0, ONE_GPU, NOT_FIT, "but tensorflow sees none"),
        ([H200], 0, CPU_ONLY, WARNING, "but tensorflow sees none"),
    ],
)
def test_accelerators(
    monkeypatch: pytest.MonkeyPatch, gpus: list[Gpu], seen: int, wanted: Resources, verdict: str, found: str
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    fit_machine(monkeypatch, gpus, seen)
    finding = doctor_checks.accelerators(wanted)
    assert finding.verdict == verdict
    assert found in finding.found


@pytest.mark.parametrize(
    ("wanted", "cpus", "gpus", "most", "fitting"),
    [
        (ONE_GPU, 16, 4, None, 4),
        (Resources(gpus=0.25, cpus=1), 16, 2, None, 8),
        (Resources(gpus=0.1, cpus=0.5), 16, 1, None, 10),
        (Resources(gpus=2, cpus=1), 16, 4, None, 2),
        (ONE_GPU, 16, 0, None, 16),
        (ONE_GPU, 16, 4, 3, 3),
        (Resources(gpus=0, cpus=32), 16, 0, None, 0),
    ],
)
def test_trials_at_a_time(wanted: Resources, cpus: int, gpus: int, most: int | None, fitting: int) -> None:
    assert trials_at_a_time(wanted, cpus, gpus, most) == fitting


def test_memory_and_threads_warn_of_too_many_at_a_time() -> None:
    assert doctor_checks.memory(1, ()).verdict == FIT
    assert doctor_checks.memory(100_000, ()).verdict == WARNING
    assert doctor_checks.threads(CPU_ONLY, machine.cpus()).verdict == FIT
    assert doctor_checks.threads(Resources(gpus=0, cpus=2), machine.cpus()).verdict == WARNING


def test_a_store_is_tried_and_nothing_is_left_there(tmp_path: Path) -> None:
    store = tmp_path / "runs"
    assert doctor_checks.store_commits(store / "below").verdict == FIT
    assert list(tmp_path.iterdir()) == []
    store.mkdir()
    assert doctor_checks.store_commits(store).verdict == FIT
    assert list(store.iterdir()) == []
    (tmp_path / "file").write_text("")
    finding = doctor_checks.store_commits(tmp_path / "file" / "runs")
    assert (finding.verdict, finding.error) == (NOT_FIT, StorageFault)


def test_a_disk_too_small_for_the_plan_is_not_fit(tmp_path: Path) -> None:
    assert doctor_checks.disk([TrialConfig()], 1, tmp_path, None).verdict == FIT
    finding = doctor_checks.disk([TrialConfig(width=100_000, depth=1000)], 1, tmp_path, tmp_path / "mlflow.db")
    assert (finding.verdict, finding.error) == (NOT_FIT, StorageFault)
    assert "too little space on the file system" in finding.found


def test_data_is_checked_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_checks.data("digits", None).verdict == FIT
    monkeypatch.setattr("trainables.datasets._keras_caches", lambda: [tmp_path / "mnist.npz"])
    assert doctor_checks.data("mnist", None).verdict == WARNING
    assert doctor_checks.data("mnist", tmp_path).verdict == NOT_FIT
    assert doctor_checks.data("mnist", tmp_path, is_needed=False).verdict == WARNING
    (tmp_path / "mnist.npz").write_bytes(b"not mnist")
    damaged = doctor_checks.data("mnist", None, is_needed=False)
    assert (damaged.verdict, damaged.error) == (NOT_FIT, UsageError)


def test_a_tracker_that_does_not_answer_only_warns(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert doctor_checks.tracker(uri).verdict == WARNING
    assert doctor_checks.tracker(f"sqlite:///{tmp_path}/mlflow.db").verdict == FIT
    (tmp_path / "mlflow.db").write_bytes(b"not a database")
    assert doctor_checks.tracker(f"sqlite:///{tmp_path}/mlflow.db").verdict == WARNING


def test_a_server_that_is_no_tracker_only_warns() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        finding = doctor_checks.tracker(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert finding.verdict == WARNING
    assert "does not answer" in finding.found


def test_a_cluster_that_is_not_there_and_a_trial_that_does_not_fit_are_not_fit() -> None:
    assert doctor_checks.cluster("127.0.0.1:1", CPU_ONLY).verdict == NOT_FIT
    assert doctor_checks.cluster(None, Resources(gpus=0, cpus=1000)).verdict == NOT_FIT
    assert doctor_checks.cluster(None, CPU_ONLY).verdict == FIT


def test_of_all_that_is_not_fit_the_first_in_a_run_names_the_exit_code() -> None:
    findings = [
        CheckResult("ray", NOT_FIT, "no cluster", "ray status", ClusterUnusable),
        CheckResult("store", NOT_FIT, "read only", "chmod", StorageFault),
        CheckResult("data", WARNING, "not here yet", "", UsageError),
    ]
    with pytest.raises(StorageFault, match="no cluster\n    next: ray status\n  store: read only"):
        conclude(findings)
    conclude(findings[2:])


@pytest.fixture
def doctor(run_here: Command, tmp_path: Path) -> Command:
    return partial(run_here, "doctor", "--store", str(tmp_path / "runs"))


def test_the_command_tells_a_fit_machine_and_leaves_nothing(doctor: Command, tmp_path: Path) -> None:
    done = doctor("demo", "--json", "--gpus-per-trial", "0")
    assert done.returncode == 0, done.stderr
    findings = {one["name"]: one["verdict"] for one in json.loads(done.stdout)}
    parts = [
        "accelerators",
        "memory",
        "disk",
        "store",
        "data digits",
        "tracker",
        "backend",
        "ray",
        "threads",
        "priority",
    ]
    assert list(findings) == parts
    assert NOT_FIT not in findings.values()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fig4a", "--data-dir", "nowhere"], 2, "data mnist: mnist: train-images-idx3-ubyte.gz"),
        (["demo", "--address", "127.0.0.1:1"], 7, "ray: no Ray cluster at 127.0.0.1:1"),
        (["demo", "--cpus-per-trial", "1000"], 7, "ray: no trial fits"),
        (["demo", "--set", "fixed.width=100000", "--set", "fixed.depth=1000"], 6, "disk: too little space"),
        (["dmo"], 2, "did you mean 'demo'?"),
    ],
)
def test_the_command_tells_what_is_not_fit(doctor: Command, arguments: list[str], code: int, said: str) -> None:
    done = doctor(*arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "next: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bucket_is_fit_when_it_takes_commits_and_says_why_when_not(s3: Server) -> None:
    finding = doctor_checks.store_commits(place_of(s3.address()))
    assert finding.verdict in (FIT, WARNING)
    assert "a commit takes" in finding.found
    finding = doctor_checks.store_commits(place_of(s3.address(bucket="nowhere-at-all")))
    assert (finding.verdict, finding.error) == (NOT_FIT, StorageFault)
    assert "there is no such bucket" in finding.found
    assert "create it, or choose another with --store" in finding.remedy


@pytest.mark.parametrize(
    ("niceness", "load", "verdict", "said"),
    [
        (None, 0.1, FIT, "trials run at niceness 15, so that the machine stays usable; RAY_worker_niceness=0"),
        (None, 1.5, WARNING, "trials run at niceness 15; this machine is busy (load 1.5)"),
        ("0", 1.5, FIT, "trials run at niceness 0"),
    ],
)
def test_the_priority_of_trials_is_said_and_what_gives_them_more(
    monkeypatch: pytest.MonkeyPatch, niceness: str | None, load: float, verdict: str, said: str
) -> None:
    monkeypatch.setattr(machine, "cpus", lambda: 2)
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.delenv("RAY_worker_niceness", raising=False)
    if niceness is not None:
        monkeypatch.setenv("RAY_worker_niceness", niceness)
    finding = doctor_checks.priority()
    assert (finding.verdict, said in finding.found) == (verdict, True), finding

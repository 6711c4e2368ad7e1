"""Builders shared by the tests: points, histories, results."""

import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sweep.spec import SweepSpec
from sweep.store import load
from sweep.timing import LeaseTiming, MirrorTiming, StoreTiming
from tests.buckets import Server, s3_server
from tests.commands import Command, in_this_process
from tests.struck import Sweeps
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PairRecord, PointResult, history_to_arrow

os.environ.setdefault("RAY_worker_niceness", "0")  # else other tests on the same cores starve trials
PATIENCE_SECONDS = 120.0
QUICK_BEATS = StoreTiming(
    LeaseTiming(beat_seconds=0.1, look_seconds=0.5, silence_seconds=2.0), bucket_settle_seconds=0.3
)
"""Leases beat ten times a second, and are lost after two seconds of silence."""
START = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


LONGEST = (
    "faults/test_pairs_of_deaths.py",
    "integration/test_main_job.py",
    "faults/test_failures.py",
    "test_readme.py",
    "faults/test_cluster.py",
    "integration/test_bucket.py",
    "integration/test_preflight.py",
    "integration/test_submit.py",
    "integration/test_recycling.py",
    "integration/test_smallest_run.py",
    "faults/test_two_drivers.py",
    "faults/test_damage.py",
    "analysis/test_claims.py",
    "analysis/figures/test_drawing.py",
    "trainables/test_training.py",
    "faults/test_tracker.py",
    "faults/test_stop.py",
    "trainables/test_remeasurement.py",
    "trainables/test_jacobian.py",
    "trainables/test_controls.py",
    "trainables/information/test_accelerator.py",
    "sweep/driver/test_from_states.py",
    "analysis/test_sequential.py",
    "analysis/test_control.py",
    "analysis/figures/test_tables.py",
    "trainables/test_more_measures.py",
)
"""The files of tests that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first, so that no worker ends with one alone."""
    ranks = {Path(__file__).parent / file: rank for rank, file in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no collection of garbage looks at it again."""
    gc.collect()
    gc.freeze()


def make_history(config: TrialConfig, last_epoch: int) -> tuple[EpochRecord, ...]:
    """A made-up history whose numbers tell epoch and seed."""
    names = ["first-merged", "first-last"] if "shortcut" in config.architecture else ["first-merged"]
    return tuple(
        EpochRecord(
            epoch=epoch,
            test_error=0.9 / (1 + epoch),
            test_loss=2.3 / (1 + epoch),
            train_loss=2.0 / epoch if epoch else None,
            train_seconds=0.25 if epoch else 0.0,
            measure_seconds=0.5,
            timestamp=START + timedelta(seconds=epoch),
            pairs=tuple(PairRecord(name, 1.0 + epoch + config.seed / 10, 2.0 + epoch, 0.5) for name in names),
        )
        for epoch in range(last_epoch + 1)
    )


def make_result(config: TrialConfig) -> PointResult:
    """A finished point with a made-up history."""
    provenance = {"device": "cpu", "host": "here", "backend": "tensorflow", "git_commit": "abc", "threads": 1}
    history = history_to_arrow(make_history(config, config.epochs))
    return PointResult(config.canonical(), "finished", 1, 12.5, provenance, history)


@pytest.fixture
def history() -> Callable[[TrialConfig, int], tuple[EpochRecord, ...]]:
    return make_history


@pytest.fixture
def result() -> Callable[[TrialConfig], PointResult]:
    return make_result


@pytest.fixture
def spec(request: pytest.FixtureRequest) -> SweepSpec:
    """The demo with the SETTINGS of the module of the test, and a name of its own on a server that tests share."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return load("demo", [*request.module.SETTINGS, f"name={name[:90]}"])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test and of the commands that it starts, which is empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run_here(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a `sweep` command in this process; how it ended, and what it printed."""
    return in_this_process(capsys)


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """An S3-compatible server on loopback, in a process of its own."""
    with s3_server() as server:
        yield server


PLACES = ("folder", pytest.param("bucket", marks=pytest.mark.slow))
"""What holds in a folder holds in a bucket, which takes several times as long to try."""


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be, a folder or a bucket in turn; nothing is there yet."""
    if request.param == "folder":
        return str(tmp_path / "store")
    server: Server = request.getfixturevalue("s3")
    return server.address()


@pytest.fixture
def sweeps(tmp_path: Path) -> Sweeps:
    """Runs the command in a folder of the test, with a strike in its trainings."""
    return Sweeps.in_folder(tmp_path)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> MirrorTiming:
    """Waits for a tracking server as long as a machine under load may take to answer."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(round(PATIENCE_SECONDS)))
    return MirrorTiming(answer_seconds=PATIENCE_SECONDS, server_end_seconds=PATIENCE_SECONDS)

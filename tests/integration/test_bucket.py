"""The main job with its store in a bucket: killed and resumed, every command, and a service that goes away."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.buckets import Server, everything
from tests.epoch_tables import epochs, undisturbed
from tests.processes import ONE_AT_A_TIME, descendants, finish, is_of_trained_network, start, wait_until
from tests.struck import Sweeps

SPEC = """
name: tiny
fixed: {dataset: digits, architecture: shortcut, depth: 4, epochs: 500}
grid:
  width: [4, 6]
measure: {every: 50}
resources: {gpus: 1, cpus: 1}
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

HeldRun = tuple[str, "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def expected(spec_file: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The epochs of the same sweep in a folder, which nothing disturbed."""
    return undisturbed(spec_file, tmp_path_factory.mktemp("undisturbed") / "runs", "tiny")


@pytest.fixture
def held_run(s3: Server, spec_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HeldRun:
    """The store, in a bucket, and the driver of a run whose trainings do not end; the user's data lie in `home`."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    store, sweeps = s3.address(), Sweeps.in_folder(tmp_path)
    sweeps.hold()
    return store, sweeps.start("run", str(spec_file), "--store", store)


def has_snapshot(store: str) -> bool:
    """Whether a training has kept some of its epochs; in a bucket, where snapshots cost more, they are rare."""
    opened = Store(store)
    names = [name for point in opened.objects.names("points") for name in everything(opened, f"points/{point}")]
    return any(map(is_of_trained_network, names))


def attempts_begun(store: str) -> int:
    """How many attempts have been about to train."""
    opened = Store(store)
    return sum(bool(one.log) for point in opened.objects.names("points") for one in opened.attempts(point))


def test_killed_and_resumed_it_equals_undisturbed_and_every_command_reads_it(
    held_run: HeldRun, spec_file: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    store, process = held_run
    wait_until(lambda: has_snapshot(store), process)
    below = descendants(process)
    process.kill()
    process.communicate()
    for one in below:
        one.kill()
    code, stderr = finish(start("status", "tiny", "--store", store))
    assert code == 0, stderr
    assert "next: sweep resume tiny --store" in stderr
    code, stderr = finish(start("resume", "tiny", "--store", store, *ONE_AT_A_TIME))
    assert code == 0, stderr
    assert "a bucket cannot hold MLflow's database: it is sqlite:///" in stderr
    pd.testing.assert_frame_equal(epochs(store, "tiny"), expected, check_exact=True)
    assert list((tmp_path / "home").glob("mi-sweep/sweeps-*/mlflow.db"))
    points = [point.point_id for point in Store(store).spec("tiny").points]
    attempts = [[one.number for one in Store(store).attempts(point_id)] for point_id in points]
    assert [1, 2] in attempts
    assert all(one in ([1], [1, 2]) for one in attempts)
    check_commands(store, points[0], spec_file, tmp_path)


def check_commands(store: str, point_id: str, spec_file: Path, tmp_path: Path) -> None:
    """Every command on a finished sweep in a bucket."""
    before = contents(store)
    counts = json.loads(ask("status", "tiny", "--json", "--store", store))["points"]
    assert counts["finished"] == 2
    shown = json.loads(ask("show", "tiny", point_id, "--json", "--store", store))
    assert shown["state"] == "finished"
    assert shown["log"]
    assert json.loads(ask("plan", str(spec_file), "--json", "--store", store))["to_run"] == []
    assert json.loads(ask("failures", "tiny", "--json", "--store", store))["causes"] == []
    ask("track", "tiny", "--store", store)
    ask("export", "tiny", "--store", store, "-o", str(tmp_path / "out"))
    assert len(pd.read_parquet(tmp_path / "out" / "points.parquet")) == 2
    ask("figures", "tiny", "--store", store, "-o", str(tmp_path / "out"))
    ask("run", str(spec_file), "--store", store)
    findings = json.loads(ask("doctor", str(spec_file), "--gpus-per-trial", "0", "--json", "--store", store))
    (found,) = [one for one in findings if one["name"] == "store"]
    assert found["verdict"] in ("ok", "warning")
    assert contents(store) == before


def ask(*words: str) -> str:
    """What a command prints, once it has ended well."""
    process = start(*words)
    printed, stderr = process.communicate(timeout=500)
    assert process.returncode == 0, stderr
    return printed


def contents(store: str) -> dict[str, bytes | None]:
    """All of the sweep and its points but the spec, which a run writes again."""
    opened = Store(store)
    folders = [f"points/{point}" for point in opened.objects.names("points")]
    names = [f"{folder}/{name}" for folder in [*folders, "sweeps/tiny"] for name in everything(opened, folder)]
    return {name: opened.objects.read(name) for name in names}


@pytest.mark.cluster
def test_stop_reaches_a_driver_and_a_service_that_goes_away_in_mid_run_is_exit_6_and_one_rerun_completes_it(
    held_run: HeldRun, s3: Server, spec_file: Path, tmp_path: Path, expected: pd.DataFrame
) -> None:
    store, process = held_run
    wait_until(lambda: attempts_begun(store) > 0, process)
    code, stderr = finish(start("stop", "tiny", "--store", store))
    assert code == 0, stderr
    assert "the driver has gone" in stderr
    code, stderr = finish(process)
    assert code == 5, stderr
    assert Store(store).objects.names("sweeps/tiny") == ["spec.yaml"]

    begun = attempts_begun(store)
    process = Sweeps.in_folder(tmp_path).start("run", str(spec_file), "--store", store, *ONE_AT_A_TIME)
    wait_until(lambda: attempts_begun(store) > begun, process)
    with s3.away():
        code, stderr = finish(process)
        assert code == 6, stderr
        assert f"{Store(store).objects.where('points')}" in stderr
        assert "the service does not answer" in stderr
        assert "next: check the network and the endpoint" in stderr
        code, stderr = finish(start("status", "tiny", "--store", store))
        assert code == 6, stderr
        assert "the service does not answer" in stderr
    code, stderr = finish(start("run", str(spec_file), "--store", store, *ONE_AT_A_TIME))
    assert code == 0, stderr
    pd.testing.assert_frame_equal(epochs(store, "tiny"), expected, check_exact=True)

"""The main job on real trainings: run, run again, kill, interrupt, resume, mirror, export, draw."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from analysis.tables import from_store
from sweep.store import Store
from tests.disks import fill, small_disk
from tests.epoch_tables import epochs
from tests.processes import (
    COMMAND,
    ONE_AT_A_TIME,
    alive,
    descendants,
    finish,
    in_mid_training,
    progress,
    start,
    wait_until,
    without_agents,
)
from tests.struck import Sweeps

SPEC = """
name: tiny
fixed: {dataset: digits, depth: 4, epochs: 200}
grid:
  architecture: [mlp, shortcut_resnet]
  width: [4, 6]
measure: {every: 4}
resources: {gpus: 1, cpus: 1}
"""
KILLS = 3
LONGEST_INTERVAL_SECONDS = 20.0
"""Between snapshots, on a machine so slow that one of them costs 0.4 s; on a quiet one it is 0.3 s."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def undisturbed(spec_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a sweep that nothing disturbed, one point after the other.

    A run of its own: most tests of this file read all of it, its MI and its mirror too, which other files have no use
    for.
    """
    store = tmp_path_factory.mktemp("undisturbed") / "runs"
    code, stderr = finish(start("run", str(spec_file), "--store", str(store), *ONE_AT_A_TIME))
    assert code == 0, stderr
    return store


def test_every_point_is_finished_with_every_epoch_once(undisturbed: Path) -> None:
    tables = from_store(Store(undisturbed), "tiny")
    points = tables.points.to_pandas()
    assert (points["state"] == "finished").all()
    assert (points["attempts"] == 1).all()
    rows = tables.epochs.to_pandas()
    assert not rows.duplicated(["point_id", "epoch", "pair"]).any()
    assert (rows.groupby(["point_id", "pair"])["epoch"].agg(list).map(lambda found: found == list(range(201)))).all()
    measured = rows[rows["mutual_information_bits"].notna()]
    assert (measured["epoch"] % 4 == 0).all()
    assert points["mi_standard_error_bits"].notna().all()


def test_running_again_has_nothing_to_do_and_takes_seconds(undisturbed: Path, spec_file: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in undisturbed.glob("points/*/*")}
    began = time.monotonic()
    code, stderr = finish(start("run", str(spec_file), "--store", str(undisturbed)))
    assert code == 0
    assert "0 to run" in stderr
    assert time.monotonic() - began < 30
    assert {path: path.stat().st_mtime_ns for path in undisturbed.glob("points/*/*")} == before


def test_killed_at_random_moments_until_done_equals_undisturbed(
    undisturbed: Path, spec_file: Path, tmp_path: Path
) -> None:
    """The driver is killed in mid-training, then at any moment; SWEEP_KILL_SEED repeats the moments."""
    seed = int(os.environ.get("SWEEP_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"SWEEP_KILL_SEED={seed}")
    store = tmp_path / 'a"=0" ünï'
    done: dict[Path, tuple[int, list[str]]] = {}
    for in_training, delay in _moments(random.Random(seed)):
        before = progress(store)
        if len(list(store.glob("points/*/result"))) == 4:
            break
        process = start("run", str(spec_file), "--store", str(store))
        if in_training:
            wait_until(lambda before=before: bool(progress(store) - before), process)
        try:
            process.wait(timeout=delay)
            break
        except subprocess.TimeoutExpired:
            below = without_agents(descendants(process))
            process.kill()
        killed = time.time()
        process.communicate()
        assert alive(below, 60) == []
        lost = [killed - max(path.stat().st_mtime for path in group) for group in _snapshots(store).values()]
        print(f"killed after {delay:.1f} s; since the last snapshot of each point: {[round(one, 2) for one in lost]} s")
        assert not in_training or not lost or min(lost) < LONGEST_INTERVAL_SECONDS
        for path in store.glob("points/*/result"):
            done.setdefault(path.parent, _commits(path.parent))
    status = subprocess.run(
        [*COMMAND, "status", "tiny", "--store", str(store), "--json"], capture_output=True, check=True
    )
    if process.returncode:
        assert json.loads(status.stdout)["driver"] == "lost"
    kept = {group.name: max(paths).name for group, paths in _snapshots(store).items()}
    numbers = {name: len(list((store / "points" / name).glob("attempt-*"))) for name in kept}
    code, stderr = finish(start("resume", "tiny", "--store", str(store), *ONE_AT_A_TIME))
    assert code == 0, stderr
    for name, newest in kept.items():
        attempts = Store(store).attempts(name)
        assert len(attempts) == numbers[name] + 1
        assert attempts[-1].from_epoch == int(newest.rpartition("-")[2])
    assert {folder: _commits(folder) for folder in done} == done
    pd.testing.assert_frame_equal(epochs(store, "tiny"), epochs(undisturbed, "tiny"), check_exact=True)
    assert not [path for path in store.rglob("*") if path.name.startswith((".", "snapshot-", "damaged-"))]

    client = mlflow.MlflowClient(f"sqlite:///{store}/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    assert sorted(run.data.tags["point_id"] for run in runs) == sorted(epochs(store, "tiny")["point_id"].unique())
    for run in runs:
        assert run.info.status == "FINISHED"
        steps = [entry.step for entry in client.get_metric_history(run.info.run_id, "test_error")]
        assert steps == list(range(201))


def _moments(source: random.Random) -> Iterator[tuple[bool, float]]:
    """Seconds until each kill: from the first new commit on, or from the start of the process."""
    for number in range(KILLS):
        in_training = number % 2 == 0
        yield in_training, source.uniform(0, 2 if in_training else 12)


def _snapshots(store: Path) -> dict[Path, list[Path]]:
    groups: dict[Path, list[Path]] = {}
    for path in store.glob("points/*/snapshot-*"):
        if not (path.parent / "result").exists():
            groups.setdefault(path.parent, []).append(path)
    return groups


def _commits(folder: Path) -> tuple[int, list[str]]:
    """When the result of a point was written, and its attempts."""
    return (folder / "result").stat().st_mtime_ns, sorted(path.name for path in folder.glob("attempt-*"))


def test_stopped_in_order_and_then_at_once_it_leaves_no_process_and_can_be_resumed(
    undisturbed: Path, spec_file: Path, tmp_path: Path
) -> None:
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.hold()
    store = sweeps.store
    process = sweeps.start("run", str(spec_file))
    wait_until(lambda: in_mid_training(store), process)
    below = descendants(process)
    second = sweeps.run("run", str(spec_file))
    assert second.returncode == 4
    assert f"pid {process.pid} on " in second.stderr
    stopper = sweeps.run("stop", "tiny")
    assert stopper.returncode == 0, stopper.stderr
    assert "the driver has gone" in stopper.stderr
    code, stderr = finish(process)
    assert code == 5, stderr
    assert "next: sweep resume tiny" in stderr
    assert alive(below, 60) == []
    assert not (store / "sweeps" / "tiny" / "lease").exists()

    before = progress(store)
    process = sweeps.start("resume", "tiny", *ONE_AT_A_TIME)
    wait_until(lambda: bool(progress(store) - before), process)
    below = descendants(process)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    code, stderr = finish(process)
    assert code == 5, stderr
    assert "stopped at once; what was committed is kept\n  next: sweep resume tiny" in stderr
    assert time.monotonic() - began < 15
    assert alive(below, 60) == []
    assert not (store / "sweeps" / "tiny" / "lease").exists()

    sweeps.release()
    done = sweeps.run("resume", "tiny", *ONE_AT_A_TIME)
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(epochs(store, "tiny"), epochs(undisturbed, "tiny"), check_exact=True)


@pytest.mark.cluster
def test_a_disk_that_fills_up_in_mid_run_be_it_rays_own_costs_no_result_and_one_rerun_completes_it(
    undisturbed: Path, spec_file: Path, tmp_path: Path
) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        tempfile.TemporaryDirectory(prefix="ray") as short,
        small_disk(Path(short) / "t", megabytes=64) as rays,
    ):
        store = disk / "runs"
        arguments = ["run", str(spec_file), "--store", str(store), "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db"]
        process = start(*arguments)
        wait_until(lambda: in_mid_training(store), process)
        below = descendants(process)
        filler = fill(disk)
        code, stderr = finish(process)
        assert code == 6, stderr
        assert f"No space left on device on the file system {disk}" in stderr
        assert alive(below, 60) == []
        states = set(from_store(Store(store), "tiny").points.to_pandas()["state"])
        assert states <= {"finished", "interrupted", "missing"}
        filler.unlink()

        before, folders = progress(store), {"RAY_TMPDIR": str(rays), "TMPDIR": str(rays)}
        process = start(*arguments, **folders)
        wait_until(lambda: bool(progress(store) - before), process)
        filler = fill(rays)
        code, stderr = finish(process)
        assert code in (0, 6), stderr
        assert code == 0 or f"the file system {rays}" in stderr
        filler.unlink()
        code, stderr = finish(start(*arguments, *ONE_AT_A_TIME, **folders))
        assert code == 0, stderr
        pd.testing.assert_frame_equal(epochs(store, "tiny"), epochs(undisturbed, "tiny"), check_exact=True)


def test_figures_and_tables_come_out_of_the_command_line(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, stderr = finish(start("export", "tiny", "--store", str(undisturbed), "-o", str(out)))
    assert code == 0, stderr
    uri = f"sqlite:///{undisturbed}/mlflow.db"
    code, stderr = finish(start("export", "tiny", "--from-mlflow", uri, "-o", str(out / "mirrored")))
    assert code == 0, stderr
    keys = ["point_id", "epoch", "pair"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "epochs.parquet").sort_values(keys, ignore_index=True),
        pd.read_parquet(out / "mirrored" / "epochs.parquet").sort_values(keys, ignore_index=True),
        check_exact=True,
    )
    code, stderr = finish(start("figures", "tiny", "--store", str(undisturbed), "-o", str(out)))
    assert code == 0, stderr
    assert "fig4a: not drawn" in stderr
    assert {path.name for path in out.glob("fig5b.*")} == {"fig5b.png", "fig5b.pdf", "fig5b.csv"}

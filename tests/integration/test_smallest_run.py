"""The smallest real run: killed in mid-training, resumed, exported, and equal to the plain training of its points."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.commands import Command
from tests.epoch_tables import CLOCKS
from tests.processes import alive, descendants, in_mid_training, program, wait_until, without_agents
from tests.struck import Sweeps
from trainables.records import history_from_arrow

SPEC = """
name: smallest
fixed: {dataset: digits, depth: 3, width: 4, epochs: 30}
grid: {architecture: [shortcut]}
measure: {every: 10, samples: 100}
resources: {gpus: 0, cpus: 1}
"""

pytestmark = pytest.mark.timeout(600)


def test_killed_in_mid_training_and_resumed_it_equals_plain_trainings(tmp_path: Path, run_here: Command) -> None:
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.hold()
    spec = sweeps.spec(SPEC)
    driver = sweeps.start("run", spec)
    wait_until(lambda: in_mid_training(sweeps.store), driver)
    below = without_agents(descendants(driver))
    driver.kill()
    driver.communicate()
    assert alive(below, 60) == []
    status = run_here("status", "smallest", "--json", "--store", str(sweeps.store))
    assert json.loads(status.stdout)["driver"] == "lost"

    sweeps.release()
    resumed = sweeps.run("run", spec)
    assert resumed.returncode == 0, resumed.stderr
    again = run_here("plan", spec, "--json", "--store", str(sweeps.store))
    assert json.loads(again.stdout)["to_run"] == []

    store = Store(sweeps.store)
    points = store.spec("smallest").points
    attempts = {point.point_id: store.attempts(point.point_id) for point in points}
    assert sum(len(tries) for tries in attempts.values()) > len(points)
    assert any(tries[-1].from_epoch > 0 for tries in attempts.values())
    configs = [point.model_dump_json() for point in points]
    subprocess.run(program("plain_training", str(tmp_path), *configs), env=sweeps.environment, check=True)
    for number, point in enumerate(points):
        result = store.result(point)
        assert result is not None
        pd.testing.assert_frame_equal(
            _numbers(result.history_arrow),
            _numbers((tmp_path / f"{number}.arrow").read_bytes()),
            check_exact=True,
        )

    exported = run_here("export", "smallest", "-o", str(tmp_path / "out"), "--store", str(sweeps.store))
    assert exported.returncode == 0, exported.stderr
    epochs = pd.read_parquet(tmp_path / "out" / "epochs.parquet")
    assert epochs.groupby(["point_id", "pair"])["epoch"].agg(list).map(lambda epochs: epochs == list(range(31))).all()


def _numbers(history: bytes) -> pd.DataFrame:
    """The history but for clocks, one row per epoch and pair."""
    rows = [
        {"epoch": record.epoch, "test_loss": record.test_loss, "train_loss": record.train_loss} | vars(pair)
        for record in history_from_arrow(history)
        for pair in record.pairs
    ]
    return pd.DataFrame(rows).drop(columns=CLOCKS, errors="ignore")

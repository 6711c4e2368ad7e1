"""A sweep on hosts of their own, submitted from a fourth: one worker's link is cut for a minute in the midst of it."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.epoch_tables import epochs
from tests.hosts import DASHBOARD_PORT, RAY_PORT, hosts, wait_for_ray
from tests.processes import finish, wait_until
from tests.struck import Sweeps

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

CUT_SECONDS = 60
SPEC = """
name: struck
fixed: {dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 200}
grid: {seed: 0..7}
measure: {every: 50}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every host sees: they have a /tmp of their own."""
    folder = Path(tempfile.mkdtemp(prefix="sweep-hosts-", dir="/var/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_submitted_sweep_is_right_although_a_workers_link_was_cut_for_a_minute(folder: Path, tmp_path: Path) -> None:
    undisturbed = Sweeps.in_folder(tmp_path)
    undisturbed.strike("nothing")
    assert undisturbed.run("run", undisturbed.spec(SPEC)).returncode == 0
    sweeps = Sweeps.in_folder(folder)
    sweeps.environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    sweeps.strike("slow_down", seconds=0.1)
    with hosts(3, folder, sweeps.environment) as (head, *workers):
        head_at = f"{head.address}:{RAY_PORT}"
        own = ["--head", f"--port={RAY_PORT}", f"--dashboard-host={head.address}", f"--dashboard-port={DASHBOARD_PORT}"]
        head.start(*own, "--num-cpus=0")
        for worker in workers:
            worker.start(f"--address={head_at}", "--num-cpus=1")
        dashboard = f"http://{head.address}:{DASHBOARD_PORT}"
        wait_for_ray(dashboard, [head, *workers], sweeps.environment)
        client = sweeps.start("submit", sweeps.spec(SPEC), "--address", dashboard, "--store", str(sweeps.store))
        wait_until(lambda: len(set(_hosts_of_snapshots(sweeps))) == 2, client)
        workers[1].cut()
        time.sleep(CUT_SECONDS)
        workers[1].mend()
        code, stderr = finish(client)
    assert code == 0, stderr
    assert {str(state.state) for state in sweeps.states().values()} == {"finished"}
    pd.testing.assert_frame_equal(epochs(sweeps.store), epochs(undisturbed.store), check_exact=True)


def _hosts_of_snapshots(sweeps: Sweeps) -> list[str]:
    store = Store(sweeps.store)
    points = {path.parent.name for path in sweeps.store.glob("points/*/snapshot-*")}
    return [attempts[-1].host for point in points if (attempts := store.attempts(point))]

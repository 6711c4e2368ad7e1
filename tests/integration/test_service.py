"""The service on a cluster of nodes with two logical GPUs each: every place busy, while nodes go and come."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from sweep.store import Store
from tests.clusters import nodes
from tests.processes import finish, wait_until
from tests.struck import Sweeps

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

POINTS, PLACES_PER_NODE = 60, 4
SPEC = f"""
name: struck
fixed: {{dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 12}}
grid: {{seed: 0..{POINTS - 1}}}
measure: {{every: 12}}
resources: {{gpus: 0.5, cpus: 0.5}}
"""
SLOW = "def strike(point, epoch):\n    time.sleep(4)"
"""The processors of this machine are not what is tested: the trials mostly sleep."""


def test_every_place_is_busy_and_every_point_is_there_once_while_nodes_go_and_come(tmp_path: Path) -> None:
    sweeps = Sweeps.in_folder(tmp_path)
    sweeps.strike(SLOW)
    with nodes(sweeps, workers=3, cpus=4, gpus=2) as cluster:
        process = sweeps.start("run", sweeps.spec(SPEC), "--address", cluster.address)
        wait_until(lambda: _finished(sweeps) >= POINTS // 4, process)
        gone = datetime.now().astimezone()
        cluster.kill(cluster.workers[0])
        cluster.add()
        code, said = finish(process)
    assert code == 0, said
    known = sweeps.known()
    assert len(known) == POINTS
    assert {str(found.state) for found in known.values()} == {"finished"}
    assert sum(attempt.failure is not None for found in known.values() for attempt in found.attempts) == PLACES_PER_NODE
    share = _busy_share(sweeps, gone)
    print(json.dumps({"busy_share": round(share, 3), "said": said.splitlines()[-1]}))
    assert share > 0.9


def _finished(sweeps: Sweeps) -> int:
    return len(list(sweeps.store.glob("points/*/result")))


def _busy_share(sweeps: Sweeps, until: datetime) -> float:
    """The share of all places that an attempt held, from the first start to the last one before that moment."""
    store = Store(sweeps.store)
    attempts = [one for point in store.spec("struck").points for one in store.attempts(point.point_id)]
    spans = [
        (datetime.fromisoformat(one.started), datetime.fromisoformat(one.ended or one.started)) for one in attempts
    ]
    spans = [(start, end) for start, end in spans if start < until]
    first, last = min(start for start, _ in spans), max(start for start, _ in spans)
    busy = sum((min(end, last) - min(start, last)).total_seconds() for start, end in spans)
    return busy / (3 * PLACES_PER_NODE * (last - first).total_seconds())

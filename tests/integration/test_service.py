"""The service on a cluster of nodes with two logical GPUs each: every place busy, while nodes go and come."""

import json
from datetime import datetime, timedelta

import pytest

from sweep.store import Attempt
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
SLOW_SECONDS = 8
"""The processors of this machine are not what is tested: the trials mostly sleep."""
BETWEEN = timedelta(seconds=3)
"""So long a place may take from the end of a point to the start of the next; ends are told in whole seconds."""


def test_every_place_is_busy_and_every_point_is_there_once_while_nodes_go_and_come(sweeps: Sweeps) -> None:
    sweeps.strike("slow_down", seconds=SLOW_SECONDS)
    with nodes(sweeps, workers=3, cpus=4, gpus=2) as cluster:
        process = sweeps.start("run", sweeps.spec(SPEC), "--address", cluster.address)
        wait_until(lambda: _finished(sweeps) >= POINTS // 4, process)
        asked, node = datetime.now().astimezone(), cluster.workers[0]
        cluster.kill(node)
        gone = datetime.now().astimezone()
        cluster.add()
        replaced = datetime.now().astimezone()
        code, stderr = finish(process, seconds=1500)
    assert code == 0, stderr
    states = sweeps.states()
    assert len(states) == POINTS
    assert {str(state.state) for state in states.values()} == {"finished"}
    attempts = [attempt for state in states.values() for attempt in state.attempts]
    lost = [one for one in attempts if one.failure]
    hosts = {one.provenance.get("ray_node", node) for one in lost}  # none is told where it died before it could begin
    assert hosts <= {node}  # what ran on other nodes was left alone
    assert PLACES_PER_NODE - _just_ended(attempts, node, asked, gone) <= len(lost) <= PLACES_PER_NODE
    assert len(attempts) == POINTS + len(lost)
    share = _busy_share(attempts, gone, replaced)
    print(json.dumps({"busy_share": round(share, 3), "stderr": stderr.splitlines()[-1]}))
    assert share > 0.9


def _finished(sweeps: Sweeps) -> int:
    return len(list(sweeps.store.glob("points/*/result")))


def _just_ended(attempts: list[Attempt], node: str, asked: datetime, gone: datetime) -> int:
    """How many places of the node were between two points when it was killed: what ended there is not lost."""
    ended = [_moment(one.ended) for one in attempts if one.provenance.get("ray_node") == node and one.ended]
    return sum(asked - BETWEEN <= moment <= gone for moment in ended)


def _busy_share(attempts: list[Attempt], gone: datetime, replaced: datetime) -> float:
    """The share of all places that an attempt held, from the first start to the last one; a lost node has none."""
    spans = [(_moment(one.started), _moment(one.ended) if one.ended else gone) for one in attempts]
    first, last = min(start for start, _ in spans), max(start for start, _ in spans)
    busy = sum((min(end, last) - start).total_seconds() for start, end in spans)
    missing = (replaced - gone).total_seconds() / 3
    return busy / (3 * PLACES_PER_NODE * ((last - first).total_seconds() - missing))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

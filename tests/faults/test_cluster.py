"""Sweeps on a Ray cluster of several nodes: one is lost, one joins, one is sick, the head is lost, two sweeps share."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sweep.store import Store
from tests.clusters import Nodes, nodes
from tests.epoch_tables import epochs, undisturbed
from tests.processes import finish, is_of_trained_network, wait_until
from tests.struck import Sweeps

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1200)]

SPEC = """
name: struck
fixed: {dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 60}
grid: {seed: SEEDS}
measure: {every: 20}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sweeps, Nodes]]:
    """Sweeps and a cluster for tests that leave every node as it is, and have points of their own."""
    sweeps = Sweeps.in_folder(tmp_path_factory.mktemp("lasting"))
    with nodes(sweeps) as started:
        yield sweeps, started


def trained_on(folder: Path) -> dict[str, str]:
    """The node of each point of a store that has a snapshot, by point."""
    store = Store(folder)
    points = {path.parent.name for path in folder.glob("points/*/*") if is_of_trained_network(path.name)}
    return {point: store.attempts(point)[-1].provenance["ray_node"] for point in points}


def test_trials_of_a_lost_node_go_on_elsewhere_and_a_lost_head_is_exit_7_and_another_cluster_completes_the_sweep(
    sweeps: Sweeps, request: pytest.FixtureRequest
) -> None:
    """First one of two workers is lost, then, while a second sweep of the same points runs, the head."""
    spec = sweeps.spec(SPEC.replace("SEEDS", "0..3"))
    expected = undisturbed(spec, sweeps.folder / "undisturbed")
    with nodes(sweeps) as cluster:
        lost, kept = cluster.workers
        sweeps.hold()
        process = sweeps.start("run", spec, "--address", cluster.address)
        wait_until(lambda: lost in trained_on(sweeps.store).values(), process)
        moved = next(point for point, node in trained_on(sweeps.store).items() if node == lost)
        cluster.kill(lost)
        sweeps.release()
        code, stderr = finish(process)
        assert code == 0, stderr
        assert f"{moved}: its process died" in stderr
        first, second = Store(sweeps.store).attempts(moved)
        assert (first.failure.kind, first.provenance["ray_node"]) == ("infra", lost)
        assert second.from_epoch > 0
        assert second.provenance["ray_node"] == kept
        pd.testing.assert_frame_equal(epochs(sweeps.store), expected, check_exact=True)

        cluster.add()
        sweeps.hold()
        store = sweeps.folder / "of the lost head"
        process = sweeps.start("run", spec, "--address", cluster.address, "--store", str(store))
        wait_until(lambda: len(trained_on(store)) > 1, process)
        cluster.kill(cluster.head)
        code, stderr = finish(process)
        assert code == 7, stderr
        assert "next: sweep resume struck" in stderr
        assert not (store / "sweeps" / "struck" / "lease").exists()
        for worker in cluster.workers:
            cluster.kill(worker)
    others, another = request.getfixturevalue("lasting")
    others.strike("nothing")
    done = others.run("run", spec, "--address", another.address, "--store", str(store))
    assert done.returncode == 0, done.stderr
    opened = Store(store)
    assert max(opened.attempts(point.point_id)[-1].from_epoch for point in opened.spec("struck").points) > 0
    pd.testing.assert_frame_equal(epochs(store), expected, check_exact=True)


def test_two_sweeps_share_a_cluster_and_the_points_that_both_name(lasting: tuple[Sweeps, Nodes]) -> None:
    sweeps, cluster = lasting
    sweeps.hold()
    seeds = {"a": "0..2", "b": "2..4"}
    texts = {name: SPEC.replace("struck", name).replace("SEEDS", some) for name, some in seeds.items()}
    specs = [sweeps.spec(text, name) for name, text in texts.items()]
    processes = [sweeps.start("run", spec, "--address", cluster.address) for spec in specs]
    leases = [sweeps.store / "sweeps" / name / "lease" for name in seeds]
    wait_until(lambda: all(lease.exists() for lease in leases), processes[0])
    sweeps.release()
    for process in processes:
        code, stderr = finish(process)
        assert code == 0, stderr
    for name, expected in {"a": {0, 1, 2}, "b": {2, 3, 4}}.items():
        states = sweeps.states(name)
        assert set(states) == expected
        assert {str(state.state) for state in states.values()} == {"finished"}
        assert {one.provenance["sweep"] for seed in expected - {2} for one in states[seed].attempts} == {name}


@pytest.mark.cluster
def test_a_node_that_joins_gets_points_though_they_end_faster_than_a_process_starts(sweeps: Sweeps) -> None:
    sweeps.strike("slow_down", seconds=0.05)
    spec = sweeps.spec(SPEC.replace("60", "5").replace("SEEDS", "0..79"))
    with nodes(sweeps, workers=1) as cluster:
        process = sweeps.start("run", spec, "--address", cluster.address)
        wait_until(lambda: any(sweeps.store.glob("points/*/result")), process)
        cluster.add()
        code, stderr = finish(process)
    assert code == 0, stderr
    attempts = [attempt for state in sweeps.states().values() for attempt in state.attempts]
    points = Counter(attempt.provenance["ray_node"] for attempt in attempts)
    assert sum(points.values()) == 80
    assert len(points) == 2
    assert min(points.values()) > 4


def test_a_host_that_fails_where_others_do_not_gets_no_more_points(lasting: tuple[Sweeps, Nodes]) -> None:
    sweeps, cluster = lasting
    sick, healthy = cluster.workers
    sweeps.strike("fail_on_node", node=sick)
    done = sweeps.run(
        "run", sweeps.spec(SPEC.replace("60", "2").replace("SEEDS", "0..9")), "--address", cluster.address
    )
    assert done.returncode == 0, done.stderr
    assert f"(node {sick[:8]}) fails where others do not: no more trials run there" in done.stderr
    attempts = [attempt for state in sweeps.states().values() for attempt in state.attempts]
    assert {one.provenance["ray_node"] for one in attempts if one.failure} == {sick}
    assert {state.result.provenance["ray_node"] for state in sweeps.states().values()} == {healthy}

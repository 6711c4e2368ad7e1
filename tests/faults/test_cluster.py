"""Sweeps on a Ray cluster of several nodes: one is lost, one joins, one is sick, the head is lost, two sweeps share."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd
import pytest

from sweep.store import Store
from tests.clusters import Nodes, nodes
from tests.epoch_tables import epochs
from tests.processes import ONE_AT_A_TIME, finish, is_of_trained_network, wait_until
from tests.struck import Sweeps

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1200)]

SPEC = """
name: struck
fixed: {dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 60}
grid: {seed: SEEDS}
measure: {every: 20}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture
def cluster(sweeps: Sweeps) -> Iterator[Nodes]:
    """One of the test's own, of which it kills nodes."""
    with nodes(sweeps) as started:
        yield started


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sweeps, Nodes]]:
    """Sweeps and a cluster for tests that leave every node as it is, and have points of their own."""
    sweeps = Sweeps.in_folder(tmp_path_factory.mktemp("lasting"))
    with nodes(sweeps) as started:
        yield sweeps, started


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The epochs of seeds 0 to 3, computed without a fault.

    A run of its own: trainings of other files are longer or differ, and xdist may run those files on another worker.
    """
    sweeps = Sweeps.in_folder(tmp_path_factory.mktemp("undisturbed"))
    sweeps.strike("nothing")
    done = sweeps.run("run", sweeps.spec(SPEC.replace("SEEDS", "0..3")), *ONE_AT_A_TIME)
    assert done.returncode == 0, done.stderr
    return epochs(sweeps.store)


def trained_on(sweeps: Sweeps) -> dict[str, str]:
    """The node of each point that has a snapshot, by point."""
    store = Store(sweeps.store)
    points = {path.parent.name for path in sweeps.store.glob("points/*/*") if is_of_trained_network(path.name)}
    return {point: store.attempts(point)[-1].provenance["ray_node"] for point in points}


def test_trials_of_a_lost_node_go_on_elsewhere_from_their_snapshots(
    sweeps: Sweeps, cluster: Nodes, undisturbed: pd.DataFrame
) -> None:
    lost, kept = cluster.workers
    sweeps.hold()
    process = sweeps.start("run", sweeps.spec(SPEC.replace("SEEDS", "0..3")), "--address", cluster.address)
    wait_until(lambda: lost in trained_on(sweeps).values(), process)
    moved = next(point for point, node in trained_on(sweeps).items() if node == lost)
    cluster.kill(lost)
    sweeps.release()
    code, stderr = finish(process)
    assert code == 0, stderr
    assert f"{moved}: its process died" in stderr
    first, second = Store(sweeps.store).attempts(moved)
    assert (first.failure.kind, first.provenance["ray_node"]) == ("infra", lost)
    assert second.from_epoch > 0
    assert second.provenance["ray_node"] == kept
    pd.testing.assert_frame_equal(epochs(sweeps.store), undisturbed, check_exact=True)


def test_a_lost_head_is_exit_7_and_another_cluster_completes_the_sweep(
    sweeps: Sweeps, cluster: Nodes, undisturbed: pd.DataFrame
) -> None:
    sweeps.hold()
    spec = sweeps.spec(SPEC.replace("SEEDS", "0..3"))
    process = sweeps.start("run", spec, "--address", cluster.address)
    wait_until(lambda: len(trained_on(sweeps)) > 1, process)
    cluster.kill(cluster.head)
    code, stderr = finish(process)
    assert code == 7, stderr
    assert "next: sweep resume struck" in stderr
    assert not (sweeps.store / "sweeps" / "struck" / "lease").exists()
    for worker in cluster.workers:
        cluster.kill(worker)
    sweeps.release()
    with nodes(sweeps) as another:
        done = sweeps.run("run", spec, "--address", another.address)
    assert done.returncode == 0, done.stderr
    assert max(state.attempts[-1].from_epoch for state in sweeps.states().values()) > 0
    pd.testing.assert_frame_equal(epochs(sweeps.store), undisturbed, check_exact=True)


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

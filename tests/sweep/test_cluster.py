"""What a trial gets of a cluster."""

import pytest

from sweep import cluster
from sweep.errors import ClusterUnusable
from sweep.spec import Resources


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    resources: dict[str, float] = {"CPU": 8.0, "GPU": 2.0}
    monkeypatch.setattr(cluster.ray, "cluster_resources", lambda: resources)
    return resources


@pytest.mark.parametrize(
    ("gpus", "cpus", "fit"),
    [(1, 1, 2), (0.25, 1, 8), (0.2, 0.5, 10), (0.1, 0.1, 20), (2, 1, 1), (0, 1, 8), (0.6, 1, 2)],
)
def test_as_many_run_as_fit(have: dict[str, float], gpus: float, cpus: float, fit: int) -> None:
    assert cluster.share(Resources(gpus=gpus, cpus=cpus), None, is_own=True).concurrent == fit


def test_a_machine_without_gpu_runs_on_cpus_and_says_so(have: dict[str, float]) -> None:
    del have["GPU"]
    granted = cluster.share(Resources(), 3, is_own=True)
    assert (granted.gpus, granted.concurrent) == (0, 3)
    assert "run on CPU" in (granted.note or "")


def test_a_machine_too_small_for_one_trial_is_refused(have: dict[str, float]) -> None:
    with pytest.raises(ClusterUnusable, match="one wants 1 GPUs and 64 CPUs, this machine has 2 and 8"):
        cluster.share(Resources(cpus=64), None, is_own=True)


def test_a_cluster_that_may_grow_is_waited_for(have: dict[str, float]) -> None:
    have.clear()
    granted = cluster.share(Resources(), None, is_own=False)
    assert (granted.gpus, granted.concurrent) == (1, None)
    assert "trials wait for one" in (granted.note or "")

"""What a trial gets of a cluster, and what is said to one whose token the cluster does not know."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sweep.cluster import nodes
from sweep.errors import ClusterUnusable
from sweep.spec import Resources
from tests.processes import program


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    resources: dict[str, float] = {"CPU": 8.0, "GPU": 2.0}
    monkeypatch.setattr(nodes.ray, "cluster_resources", lambda: resources)
    dead = {"Alive": False, "Resources": {"CPU": 64.0}}
    monkeypatch.setattr(nodes.ray, "nodes", lambda: [dead, {"Alive": True, "Resources": resources}])
    return resources


@pytest.mark.parametrize(
    ("gpus", "cpus", "fit"),
    [(1, 1, 2), (0.25, 1, 8), (0.2, 0.5, 10), (0.1, 0.1, 20), (2, 1, 1), (0, 1, 8), (0.6, 1, 2)],
)
def test_as_many_run_as_fit(have: dict[str, float], gpus: float, cpus: float, fit: int) -> None:
    assert nodes.share(Resources(gpus=gpus, cpus=cpus), None, is_own=True).concurrent == fit


def test_a_machine_without_gpu_runs_on_cpus_and_says_so(have: dict[str, float]) -> None:
    del have["GPU"]
    granted = nodes.share(Resources(), 3, is_own=True)
    assert (granted.gpus, granted.concurrent) == (0, 3)
    assert "run on CPU" in (granted.note or "")


def test_a_machine_too_small_for_one_trial_is_refused(have: dict[str, float]) -> None:
    with pytest.raises(ClusterUnusable, match="one wants 1 GPUs and 64 CPUs, this machine has 2 and 8"):
        nodes.share(Resources(cpus=64), None, is_own=True)


def test_a_cluster_that_may_grow_is_waited_for(have: dict[str, float]) -> None:
    have.clear()
    granted = nodes.share(Resources(), None, is_own=False)
    assert (granted.gpus, granted.concurrent) == (1, None)
    assert "trials wait for one" in (granted.note or "")


def test_a_trial_that_fits_on_no_node_waits_and_that_is_said(have: dict[str, float]) -> None:
    assert nodes.share(Resources(), None, is_own=False).note is None
    granted = nodes.share(Resources(cpus=64), None, is_own=False)
    assert (granted.cpus, granted.concurrent) == (64, None)
    assert "one wants 1 GPUs and 64 CPUs, the largest node has 2 and 8; trials wait" in (granted.note or "")
    have.clear()
    granted = nodes.share(Resources(gpus=0), None, is_own=False)
    assert "one wants 0 GPUs and 1 CPUs, the largest node has 0 and 0; trials wait" in (granted.note or "")


@pytest.fixture
def refusing() -> Iterator[str]:
    """The address of what answers as a head does to one whose token it does not know."""
    grpc = pytest.importorskip("grpc")

    class Refusing(grpc.GenericRpcHandler):  # type: ignore[misc, name-defined]
        def service(self, call: object) -> object:
            def refuse(request: bytes, context: Any) -> None:
                said = "InvalidAuthToken: Authentication token is missing or incorrect"
                context.abort(grpc.StatusCode.UNAUTHENTICATED, said)

            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Refusing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RAY_AUTH_MODE": "disabled"}, "the cluster at ADDRESS wants a token"),
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}, "the cluster at ADDRESS refuses the token"),
        ({"RAY_AUTH_MODE": "token", "HOME": "/nowhere"}, "there is no token for the cluster at ADDRESS"),
    ],
)
def test_a_token_that_the_cluster_does_not_know_is_said_at_once(
    refusing: str, environment: dict[str, str], said: str
) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        program("check_reachable", refusing),
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert f"ClusterUnusable: {said.replace('ADDRESS', refusing)}" in done.stderr
    assert "next: the same with RAY_AUTH_MODE=token, and the token in RAY_AUTH_TOKEN" in done.stderr
    assert "gcs_client" not in done.stderr

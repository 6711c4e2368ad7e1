"""Nodes of the Ray cluster: which are live, what a trial gets of them, which are barred, and calls on a given node."""

import contextlib
import os
import signal
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster.driver_data import settings
from sweep.cluster.share import Share
from sweep.errors import ClusterUnusable
from sweep.spec import Resources, trials_at_a_time

import ray  # isort: skip
from ray import tune  # isort: skip
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # isort: skip

REACH_SECONDS = 15.0
"""The driver waits so long for a short call on a node."""

NODE_LABEL = "ray.io/node-id"


def _live_nodes() -> list[dict[str, Any]]:
    """What Ray says of each live node."""
    return [node for node in ray.nodes() if node["Alive"]]


def _has(node: Mapping[str, Any], resource: str) -> float:
    return float(node["Resources"].get(resource, 0))


def _could_hold(node: Mapping[str, Any], cpus: float, gpus: float) -> bool:
    return _has(node, "CPU") >= cpus and _has(node, "GPU") >= gpus


def live(cpus: float = 0.0, gpus: float = 0.0) -> dict[str, str]:
    """Host names of the live nodes by id, of those that could hold a trial of that size."""
    return {node["NodeID"]: node["NodeManagerHostname"] for node in _live_nodes() if _could_hold(node, cpus, gpus)}


def own() -> str:
    """The node that this process is on."""
    return str(ray.get_runtime_context().get_node_id())


def largest(resource: str) -> float:
    """The most that one live node has of a resource."""
    return max((_has(node, resource) for node in _live_nodes()), default=0.0)


def share(resources: Resources, max_concurrent: int | None, is_own: bool) -> Share:
    """The resources of a trial, and how many run at once, on the connected cluster.

    On this machine's own cluster (`is_own`), without any GPU, trials run on CPUs, and the note says so. An existing
    cluster may grow while trials wait, so there Ray alone decides how many fit.

    Raises:
        ClusterUnusable: when not even one trial fits on this machine.
    """
    available = ray.cluster_resources()
    gpus, note = resources.gpus, None
    if gpus and not available.get("GPU"):
        if is_own:
            gpus, note = 0.0, "no GPU in this machine: trials run on CPU"
        else:
            note = f"no GPU in the cluster yet: trials wait for one; on CPUs: --gpus-per-trial 0 (want {gpus:g})"
    if not is_own:
        note = note or _too_large(gpus, resources.cpus)
        return Share(gpus, resources.cpus, resources.threads, max_concurrent, note)
    at_a_time = trials_at_a_time(resources, int(available.get("CPU", 0)), int(available.get("GPU", 0)), max_concurrent)
    if at_a_time < 1:
        raise ClusterUnusable(
            f"no trial fits: one wants {gpus:g} GPUs and {resources.cpus:g} CPUs, this machine has "
            f"{available.get('GPU', 0):g} and {available.get('CPU', 0):g}",
            next="lower --gpus-per-trial or --cpus-per-trial",
        )
    return Share(gpus, resources.cpus, resources.threads, at_a_time, note)


def _too_large(gpus: float, cpus: float) -> str | None:
    """The note for a trial that fits on no live node of the cluster; None if it fits on one."""
    nodes = _live_nodes()
    if any(_could_hold(node, cpus, gpus) for node in nodes):
        return None
    sizes = [(_has(node, "GPU"), _has(node, "CPU")) for node in nodes]
    has_gpus, has_cpus = max(sizes, key=lambda size: (size[0] if gpus else 0, size[1]), default=(0, 0))
    return (
        f"no node of the cluster has room for a trial yet: one wants {gpus:g} GPUs and {cpus:g} CPUs, the largest node "
        f"has {has_gpus:g} and {has_cpus:g}; trials wait for a larger one, which a cluster that scales itself may "
        "start; else lower --cpus-per-trial or --gpus-per-trial"
    )


def total(resource: str) -> float:
    """What all live nodes have of a resource."""
    return sum(_has(node, resource) for node in _live_nodes())


def room(cpus: float, gpus: float, barred: Collection[str]) -> Any:
    """What Ray reserves for a trial of that size, anywhere but on the nodes that are barred."""
    bundle = {"CPU": cpus, "GPU": gpus}
    if not barred:
        return tune.PlacementGroupFactory([bundle])
    selector = {NODE_LABEL: f"!in({','.join(sorted(barred))})"}
    return tune.PlacementGroupFactory([bundle], bundle_label_selector=[selector])


def kill(actor: Any, node: str, pid: int | None) -> None:
    """End the process of a trial that does not answer; returns at once and never raises.

    Ray would wait for a process that is stopped, so the process is killed on its node where its number is known.
    """

    def end() -> None:
        if pid is not None:
            on_node(node, _kill_process, pid)
        else:
            with contextlib.suppress(Exception):
                ray.kill(actor)

    threading.Thread(target=end, name="kill", daemon=True).start()


def on_node(node: str, action: Any, *arguments: Any) -> None:
    """Call a function on that node and wait for it, for a while; never raises."""
    with contextlib.suppress(Exception):
        if node == own():
            action(*arguments)
        else:
            ray.get(_begin(node, action, *arguments), timeout=REACH_SECONDS)


def ask_each(nodes: Sequence[str], seconds: float, action: Any, *arguments: Any) -> dict[str, Any]:
    """Call a function on all nodes in parallel, with the node's id first; by node the result, or the exception."""
    tasks = {_begin(node, action, node, *arguments): node for node in nodes}
    ready, _ = ray.wait(list(tasks), num_returns=len(tasks), timeout=seconds) if tasks else ([], [])
    answers: dict[str, Any] = {}
    for task, node in tasks.items():
        try:
            if task not in ready:
                ray.cancel(task, force=True)
                raise TimeoutError(f"no answer within {seconds:.0f} s")
            answers[node] = ray.get(task)
        except Exception as error:
            answers[node] = error
    return answers


def _begin(node: str, action: Any, *arguments: Any) -> Any:
    """A task on that node, with this process' settings for buckets."""
    on_that_node = NodeAffinitySchedulingStrategy(node, soft=False)
    task = ray.remote(_call).options(num_cpus=0, max_retries=0, scheduling_strategy=on_that_node)
    return task.remote(settings(), action, *arguments)


def _call(environment: dict[str, str], action: Any, *arguments: Any) -> Any:
    os.environ.update(environment)
    return action(*arguments)


def _kill_process(pid: int) -> None:
    """Kill the process only if it is one of Ray: the pid may have been reused."""
    with contextlib.suppress(OSError):
        if b"ray::" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)

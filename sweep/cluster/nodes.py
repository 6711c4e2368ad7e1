"""Nodes of the Ray cluster: which are live, how to keep trials off some, and calls on a given node."""

import contextlib
import os
import signal
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster.driver_data import settings
from sweep.cluster.share import Share

import ray  # isort: skip
from ray import tune  # isort: skip
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # isort: skip

REACH_SECONDS = 15.0
"""The driver waits so long for a short call on a node."""

NODE_LABEL = "ray.io/node-id"


def live(cpus: float = 0.0, gpus: float = 0.0) -> dict[str, str]:
    """Host names of the live nodes by id, of those that could hold a trial of that size."""
    return {
        node["NodeID"]: node["NodeManagerHostname"]
        for node in ray.nodes()
        if node["Alive"] and node["Resources"].get("CPU", 0) >= cpus and node["Resources"].get("GPU", 0) >= gpus
    }


def own() -> str:
    """The node that this process is on."""
    return str(ray.get_runtime_context().get_node_id())


def largest(resource: str) -> float:
    """The most that one live node has of a resource."""
    return max((node["Resources"].get(resource, 0.0) for node in ray.nodes() if node["Alive"]), default=0.0)


def room(granted: Share, barred: Collection[str]) -> Any:
    """What Ray reserves for each trial, anywhere but on the nodes that are barred."""
    bundle = {"CPU": granted.cpus, "GPU": granted.gpus}
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

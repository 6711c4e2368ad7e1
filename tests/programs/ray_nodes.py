"""A Ray cluster whose nodes are processes below this one: ray_nodes.py WORKERS CPUS GPUS, with commands on stdin.

`add` starts one more worker, the id of a node kills that node. Each answer is a line of JSON: the address of the
cluster, then the ids of its nodes. At the end of stdin all of them are killed.
"""

import contextlib
import json
import sys
from typing import Any

import psutil
from ray.cluster_utils import Cluster

KILL_SECONDS = 60


def main(workers: int, cpus: int, gpus: int) -> None:
    """Start the cluster, then obey."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False})
    head: Any = cluster.head_node
    nodes = {head.node_id: head}

    def add() -> None:
        node = cluster.add_node(num_cpus=cpus, num_gpus=gpus)
        nodes[node.node_id] = node

    def answer() -> None:
        print(json.dumps([cluster.address, *nodes]), flush=True)

    for _ in range(workers):
        add()
    answer()
    for line in sys.stdin:
        command = line.strip()
        if command == "add":
            add()
        else:
            kill(cluster, nodes.pop(command))
        answer()
    for node in nodes.values():
        node.kill_all_processes(check_alive=False, allow_graceful=False)


def kill(cluster: Cluster, node: Any) -> None:
    """SIGKILL every process of a node; when it returns all are gone.

    Ray kills its own alone. The workers below the raylet, those of trials among them, would live on for a moment and
    could still write to the store.
    """
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    raylet.suspend()  # it starts no more of them
    workers = raylet.children(recursive=True)
    cluster.remove_node(node, allow_graceful=False)
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    _, alive = psutil.wait_procs(workers, timeout=KILL_SECONDS)
    assert not alive, alive


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""A Ray cluster whose nodes are processes below this one: ray_nodes.py WORKERS CPUS GPUS, with commands on stdin.

`add` starts one more worker, the id of a node kills that node. Each answer is a line of JSON: the address of the
cluster, then the ids of its nodes. At the end of stdin all of them are killed.
"""

import json
import sys

from ray.cluster_utils import Cluster


def main(workers: int, cpus: int, gpus: int) -> None:
    """Start the cluster, then obey."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0})
    nodes = {cluster.head_node.node_id: cluster.head_node}

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
            cluster.remove_node(nodes.pop(command), allow_graceful=False)
        answer()
    for node in nodes.values():
        node.kill_all_processes(check_alive=False, allow_graceful=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

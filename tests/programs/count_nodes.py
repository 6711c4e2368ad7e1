"""Prints how many nodes of a Ray cluster are alive: count_nodes.py DASHBOARD."""

import sys

from ray.util.state import list_nodes

print(sum(node.state == "ALIVE" for node in list_nodes(sys.argv[1], timeout=20)))

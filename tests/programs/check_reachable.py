"""Asks a cluster whether it can be reached: check_reachable.py ADDRESS."""

import sys

from sweep.cluster.connection import check_reachable

check_reachable(sys.argv[1])

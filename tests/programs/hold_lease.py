"""Holds the lease of `demo` for a minute, once it has said so: hold_lease.py STORE."""

import sys
import time

from sweep.store import Lease, Store

with Lease(Store(sys.argv[1]), "demo"):
    print("held", flush=True)
    time.sleep(60)

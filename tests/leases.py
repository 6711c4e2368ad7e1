"""The lease of the sweep `demo` in other hands: held by another process, and altered as another host would."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from sweep.store import Store
from tests.processes import program


@contextmanager
def other_driver(store: Store) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lease of `demo`; it is killed at the end of the block."""
    with subprocess.Popen(program("hold_lease", str(store.root)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def alter(store: Store, **changes: object) -> None:
    """Write other values to fields of the lease of `demo`."""
    data = json.loads(store.objects.read(store.lease_name("demo")) or b"")
    store.objects.write(store.lease_name("demo"), json.dumps(data | changes).encode())

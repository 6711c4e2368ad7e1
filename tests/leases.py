"""The lease of the sweep `demo` in other hands: held by another process, and altered as another host would."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from sweep.store import Store, encoding
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
    _, fields = encoding.json_from_bytes(store.objects.read(store.lease_name("demo")) or b"")
    store.objects.write(store.lease_name("demo"), encoding.json_to_bytes(fields | changes))

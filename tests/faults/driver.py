"""A driver without Ray: python -m tests.faults.driver STORE HOW. Holds the lease of `demo` and has one child.

When asked to stop in order it takes a moment (HOW is `quick`) or for ever (`slow`), then ends as a run does. Where HOW
is `headless` it takes for ever too, and what it watches as the head of its cluster goes at the same moment.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from sweep.cluster.port_watch import ports_watched
from sweep.console import talk
from sweep.driver.stopping import Stopping
from sweep.errors import Interrupted
from sweep.store import Lease, Store
from sweep.timing import HeadTiming, LeaseTiming, StoreTiming

HEAD = HeadTiming(probe_seconds=0.1, silence_seconds=3.0)


def open_to_all(server: socket.socket) -> None:
    """Take every connection, as a head does, while the server is there."""
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


def main() -> None:
    """Hold the lease until asked to stop."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under nohup, which has it ignored
    store, how = Store(Path(sys.argv[1]), StoreTiming(LeaseTiming(beat_seconds=0.1))), sys.argv[2]
    asked = threading.Event()
    stopping = Stopping(asked, talk, "sweep resume demo", "sweep stop demo --now")
    held = Lease(store, "demo", dict, stopping.on_loss, stopping.on_request)
    stopping.last_acts.append(held.leave)
    silent = subprocess.DEVNULL
    child = subprocess.Popen(["sh", "-c", "sleep 90 & sleep 90"], start_new_session=True, stdout=silent, stderr=silent)
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=open_to_all, args=(server,), daemon=True).start()
    ports = {"the head of the Ray cluster": f"127.0.0.1:{server.getsockname()[1]}"}
    with stopping.on_signals(), held, ports_watched(ports, stopping.on_cluster_loss, HEAD):
        store.save_spec("demo", "name: demo\nfixed: {epochs: 2}\n")
        print("held", flush=True)
        while not asked.wait(0.1):
            pass
        if how == "headless":
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        time.sleep(0.3 if how == "quick" else 90)
        os.killpg(child.pid, signal.SIGKILL)
    sys.exit(Interrupted.exit_code)


if __name__ == "__main__":
    main()

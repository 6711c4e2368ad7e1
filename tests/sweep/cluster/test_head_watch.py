"""The watch over a cluster's head: told of its loss once, after a while, and of nothing else."""

import socket
import threading
import time

from sweep.cluster.head_watch import head_watched
from sweep.timing import HeadTiming

IMPATIENT = HeadTiming(probe_seconds=0.05, silence_seconds=0.3)


def test_a_head_that_no_longer_opens_is_told_of_once() -> None:
    told, is_told = [], threading.Event()

    def on_loss(what: str) -> None:
        told.append(what)
        is_told.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with head_watched(address, on_loss, IMPATIENT):
            assert not is_told.wait(1.0)
            server.close()
            assert is_told.wait(30.0)
            time.sleep(0.5)
    assert told == [f"the head of the Ray cluster at {address} is lost"]


def test_after_the_block_nothing_is_told() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with head_watched(address, told.append, IMPATIENT):
            pass
    time.sleep(0.6)
    assert told == []

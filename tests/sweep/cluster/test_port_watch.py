"""The watch over ports of a Ray cluster: told of a loss once, after a while, and of nothing else."""

import socket
import threading
import time

from sweep.cluster.port_watch import ports_watched
from sweep.timing import HeadTiming

IMPATIENT = HeadTiming(probe_seconds=0.05, silence_seconds=0.3)


def test_a_port_that_no_longer_opens_is_told_of_once() -> None:
    told, is_told = [], threading.Event()

    def on_loss(what: str) -> None:
        told.append(what)
        is_told.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with ports_watched({"the head": address}, on_loss, IMPATIENT):
            assert not is_told.wait(1.0)
            server.close()
            assert is_told.wait(30.0)
            time.sleep(0.5)
    assert told == [f"the head at {address} is lost"]


def test_of_two_ports_the_one_that_is_lost_is_told_of() -> None:
    told, is_told = [], threading.Event()

    def on_loss(what: str) -> None:
        told.append(what)
        is_told.set()

    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = {name: f"127.0.0.1:{it.getsockname()[1]}" for name, it in (("the head", one), ("the node", other))}
        with ports_watched(ports, on_loss, IMPATIENT):
            other.close()
            assert is_told.wait(30.0)
            time.sleep(0.5)
    assert told == [f"the node at {ports['the node']} is lost"]


def test_after_the_block_nothing_is_told() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with ports_watched({"the head": address}, told.append, IMPATIENT):
            pass
    time.sleep(0.6)
    assert told == []

"""On which addresses a process, and all that it started, listens."""

import contextlib
import ipaddress
import subprocess

import psutil

from tests.processes import descendants

Listener = tuple[str, str]
"""The program, and the address on which it listens."""


def listeners(process: subprocess.Popen[str]) -> set[Listener]:
    """Every socket on which the process, or one below it, takes what comes: TCP that listens, UDP of no one peer."""
    found: set[Listener] = set()
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (psutil.Process(process.pid), *descendants(process)):
            with contextlib.suppress(psutil.NoSuchProcess):
                for socket in one.net_connections("inet"):
                    if socket.status in (psutil.CONN_LISTEN, psutil.CONN_NONE) and not socket.raddr:
                        found.add((one.name(), socket.laddr.ip))
    return found


def open_to_others(found: set[Listener]) -> set[Listener]:
    """Those that another machine could reach."""
    return {one for one in found if not ipaddress.ip_address(one[1].removeprefix("::ffff:")).is_loopback}

"""Requests through the store that the driver of a sweep stop, in order or at once."""

import getpass
import os
import socket
from dataclasses import asdict, dataclass

from sweep.store import encoding
from sweep.store.store import Store
from trainables.format.sealed import DamagedObject


@dataclass(frozen=True)
class StopRequest:
    """A request that the driver of one session, and no later one, stop: with snapshots, or now."""

    session: str
    now: bool
    by: str


def request_stop(store: Store, sweep: str, session: str, now: bool) -> None:
    """Ask the driver of that session to stop; it reads the request at its next heartbeat."""
    request = StopRequest(session, now, f"{_user()}, pid {os.getpid()} on {socket.gethostname()}")
    store.objects.write(store.stop_name(sweep), encoding.json_to_bytes(asdict(request)))


def stop_requested(store: Store, sweep: str, session: str) -> StopRequest | None:
    """The stop request for the driver of that session; None if there is none for it."""
    try:
        request = StopRequest(**encoding.json_from_bytes(store.objects.read(store.stop_name(sweep)) or b"")[1])
    except (DamagedObject, TypeError):
        return None
    return request if request.session == session and isinstance(request.now, bool) else None


def delete_stop_request(store: Store, sweep: str) -> None:
    """Delete the stop request, if there is one."""
    store.objects.delete(store.stop_name(sweep))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"

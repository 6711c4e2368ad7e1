"""What is asked of the driver of a sweep from elsewhere, through the store: that it stop, in order or at once."""

import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass

from sweep.store.store import Store


@dataclass(frozen=True)
class StopRequest:
    """Asks the driver of one session, and no later one, to stop: with snapshots, or now."""

    session: str
    now: bool
    by: str


def request_stop(store: Store, sweep: str, session: str, now: bool) -> None:
    """Ask the driver of that session to stop; it looks at every beat."""
    request = StopRequest(session, now, f"{_user()}, pid {os.getpid()} on {socket.gethostname()}")
    store.objects.write(store.stop_name(sweep), json.dumps(asdict(request)).encode())


def stop_requested(store: Store, sweep: str, session: str) -> StopRequest | None:
    """What was asked of the driver of that session; a request to another one is none."""
    try:
        request = StopRequest(**json.loads(store.objects.read(store.stop_name(sweep)) or b""))
    except (ValueError, TypeError):
        return None
    return request if request.session == session else None


def delete_stop_request(store: Store, sweep: str) -> None:
    """Delete what was asked of the driver; nothing happens when nothing was."""
    store.objects.delete(store.stop_name(sweep))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"

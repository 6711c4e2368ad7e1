"""An error of MLflow in words: what its server or database says, and what to do about that."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from sweep.errors import causes
from sweep.system.network import UNAUTHORIZED
from sweep.text import first_line
from sweep.tracking.settings import LOGIN, database_file

FORBIDDEN = 403
MESSAGE_LENGTH = 300

_BODY = re.compile(r"Response body: '?(?P<said>.*?)'?$", re.DOTALL)


class Problem(NamedTuple):
    """What is wrong with the MLflow at an address, and the user's next step."""

    message: str
    next: str


def problem(tracking_uri: str, error: BaseException) -> Problem:
    """What an error raised by MLflow, or by a request to its server, says."""
    text, status = str(error), _status(error)
    where = f"MLflow at {tracking_uri}"
    if "Invalid Host header" in text:
        host = urlsplit(tracking_uri).netloc
        return Problem(
            f"{where}: {_said(text)}", f"on its host: mlflow server --allowed-hosts {host} and what else it has"
        )
    if status == UNAUTHORIZED:
        return Problem(f"{where} refuses the login", LOGIN)
    if status == FORBIDDEN:
        return Problem(f"{where} refuses the request: {_said(text)}", f"ask who runs it for permission, or {LOGIN}")
    if "out-of-date database schema" in text:
        again = (
            f"mlflow db upgrade {tracking_uri}, after a copy; or pip install --upgrade mlflow, if a newer one wrote it"
        )
        return Problem(f"{where} was written by another MLflow than is installed here", again)
    if database_file(tracking_uri):
        return Problem(
            f"{where} cannot be used: {_root(error)}", "put that file aside: sweep track SWEEP writes it anew"
        )
    return Problem(
        f"{where} does not answer ({_root(error)})", "start it there, or give its address with --tracking-uri"
    )


def _status(error: BaseException) -> int | None:
    status = getattr(error, "get_http_status_code", None)
    return status() if status is not None else None


def _said(text: str) -> str:
    """The server's own words."""
    body = _BODY.search(text)
    return " ".join((body["said"] if body else text).split())[:MESSAGE_LENGTH]


def _root(error: BaseException) -> str:
    """The root cause of the system, such as `Connection refused`; else the first line of the message."""
    for root in reversed(list(causes(error))):
        if isinstance(root, OSError) and root.strerror:
            return root.strerror
    return first_line(error, MESSAGE_LENGTH)

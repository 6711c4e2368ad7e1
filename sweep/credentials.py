"""Logins come from the environment alone: an address that carries one would be shown, stored and logged with it."""

import os
import re

from sweep.errors import UsageError

LOGIN = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
WANTED = 401
REFUSED = (WANTED, 403)

_CARRIES_LOGIN = re.compile(
    r"https?://[^/?#]*@"
    r"|(?!https?:)[\w+.-]+://[^:/?#@]*:[^@]*@"  # as SQLAlchemy reads it: a password may hold all but an @
    r"|.*[?&](password|token)=",
    re.IGNORECASE,
)


def without_login(address: str | None) -> str | None:
    """The address as it is.

    Raises:
        UsageError: when it carries a password or a token, which the message does not repeat.
    """
    if address and _CARRIES_LOGIN.match(address):
        kind = address.partition("://")[0]
        raise UsageError(
            f"the MLflow address {kind}://... carries a login, which would be shown and stored with it; allowed is an "
            f"address without\n  next: {LOGIN}; for a database, what its driver reads, such as PGPASSWORD"
        )
    return address


def is_refused(error: Exception) -> bool:
    """Whether an error of MLflow says that its server does not accept the login, or the lack of one."""
    status = getattr(error, "get_http_status_code", None)
    return status is not None and status() in REFUSED


def show_token_if_wanted(status: int) -> None:
    """Let Ray, once imported, send its token to a cluster that answered with this HTTP status, if that asks for one.

    By itself Ray sends it only where RAY_AUTH_MODE is `token`; what the environment says of that counts.
    """
    if status == WANTED:
        os.environ.setdefault("RAY_AUTH_MODE", "token")

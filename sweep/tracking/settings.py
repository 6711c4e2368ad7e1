"""The address of the MLflow mirror, MLflow's environment variables, and logins, which an address must not hold."""

import hashlib
import logging
import os
import re
from pathlib import Path

from platformdirs import user_data_path

from sweep.errors import UsageError
from sweep.storage import BucketAddress, StoreAddress, absolute
from sweep.system.paths import with_home

SQLITE = "sqlite:///"

LOGIN = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"


_CARRIES_LOGIN = re.compile(
    r"https?://[^/?#]*@"
    r"|(?!https?:)[\w+.-]+://[^:/?#@]*:[^@]*@"  # as SQLAlchemy reads it: a password may hold all but an @
    r"|.*[?&](password|token)=",
    re.IGNORECASE,
)


def default_tracking_uri(store: StoreAddress) -> str:
    """The SQLite database in the store; of one in a bucket, which cannot hold it, in a folder of this user and host.

    Raises:
        UsageError: when its path cannot stand in an address of SQLite.
    """
    place = absolute(store)
    folder = place if isinstance(place, Path) else user_data_path("mi-sweep", appauthor=False) / _name_of(place)
    for letter in "?%":
        if letter in str(folder):
            raise UsageError(
                f"{folder}: '{letter}' cannot stand in the path of a store",
                next="choose another folder with --store, or give --tracking-uri",
            )
    return f"{SQLITE}{folder / 'mlflow.db'}"


def tracking_address(address: str | None) -> str | None:
    """The address of MLflow as given, but that of an SQLite database with its whole path.

    Raises:
        UsageError: as `without_login`.
    """
    address = without_login(address)
    if address and (database := database_file(address)):
        return f"{SQLITE}{with_home(database).absolute()}"
    return address


def database_file(tracking_uri: str) -> Path | None:
    """The file of the SQLite database at that address; None for a server or another database."""
    name = tracking_uri.removeprefix(SQLITE)
    return Path(name) if name and name != tracking_uri else None


def _name_of(bucket: BucketAddress) -> str:
    """A name that no other bucket and prefix has; the service's options do not count."""
    digest = hashlib.sha256(bucket.of().encode()).hexdigest()[:8]
    return f"{bucket.key().replace('/', '-')[:80]}-{digest}"


def settle_mlflow() -> None:
    """Limit MLflow's timeouts and its messages; call it before mlflow is imported."""
    settings = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # its own defaults block for minutes on a dead server
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a busy server may ask for an hour
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",  # it announces every table of a new database
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # every retry would be a warning


def without_login(address: str | None) -> str | None:
    """The address as it is.

    Raises:
        UsageError: when it carries a password or a token, which the message does not repeat.
    """
    if address and _CARRIES_LOGIN.match(address):
        kind = address.partition("://")[0]
        raise UsageError(
            f"the MLflow address {kind}://... carries a login, which would be shown and stored with it; allowed is an "
            "address without",
            next=f"{LOGIN}; for a database, what its driver reads, such as PGPASSWORD",
        )
    return address


def is_server(tracking_uri: str) -> bool:
    """Whether the address is that of a tracking server, not of a database."""
    return tracking_uri.startswith(("http://", "https://"))

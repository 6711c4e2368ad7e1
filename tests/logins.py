"""MLflow servers that ask for a login, users on them, and where a password has gone that should be nowhere."""

import base64
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Server

SETTINGS = """[mlflow]
default_permission = READ
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
database_uri = {users}
auth_cache_ttl_seconds = 60
"""


@dataclass(frozen=True)
class User:
    name: str
    password: str

    @property
    def environment(self) -> dict[str, str]:
        return {"MLFLOW_TRACKING_USERNAME": self.name, "MLFLOW_TRACKING_PASSWORD": self.password}

    @property
    def encoded(self) -> str:
        """Name and password as they travel."""
        return base64.b64encode(f"{self.name}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> list[bytes]:
        """What nothing may hold."""
        return [self.password.encode(), self.encoded.encode()]


ADMIN = User("admin", "of-the-administrator-77b2e9")


def holders(secrets: list[bytes], *folders: Path) -> list[Path]:
    """The files that hold one of the secrets."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(secret in path.read_bytes() for secret in secrets)]


def with_logins(folder: Path, backend: str, **environment: str) -> Server:
    """A server of two processes that keeps its users beside its runs."""
    settings = folder / "auth.ini"
    settings.write_text(SETTINGS.format(users=backend))
    environment |= {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN.password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-the-forms-31c4",
    }
    return Server(folder, backend, "--app-name", "basic-auth", "--workers", "2", **environment)


def add(server: Server, user: User) -> None:
    """Make the user known to the server, with the rights that everybody has."""
    known = json.dumps({"username": user.name, "password": user.password}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {ADMIN.encoded}"}
    request = urllib.request.Request(f"{server.uri}/api/2.0/mlflow/users/create", known, headers)
    urllib.request.urlopen(request, timeout=60).close()

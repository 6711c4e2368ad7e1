"""PostgreSQL as Debian packages it, started for the length of a test on a folder of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGED = Path("/usr/lib/postgresql")
START_SECONDS = 60.0
PASSWORD = "of-the-database-8f0c1d"


@dataclass(frozen=True)
class Postgres:
    """A database reached through a Unix socket, by `user` with PASSWORD."""

    programs: Path
    folder: Path
    user: str = "mlflow"

    @property
    def address(self) -> str:
        """As SQLAlchemy takes it; the password comes from the environment."""
        return f"postgresql+psycopg://{self.user}@/postgres?host={self.folder}"

    @property
    def login(self) -> dict[str, str]:
        return {"PGPASSWORD": PASSWORD}

    def call(self, program: str, *arguments: str) -> str:
        """What one of its client programs prints."""
        reach = ["-h", str(self.folder), "-U", self.user, "-d", "postgres"]
        done = subprocess.run(
            [self.programs / program, *reach, *arguments],
            env=os.environ | self.login,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """An empty database; where PostgreSQL is not installed, the test is skipped."""
    found = sorted(PACKAGED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="sweep-postgres-") as folder:
        database = Postgres(found[-1].parent, Path(folder))
        process = _start(database)
        try:
            _wait(database, process)
            yield database
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _start(database: Postgres) -> subprocess.Popen[bytes]:
    """As the package's own user where this one is root, as whom PostgreSQL does not run."""
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    secret, data = database.folder / "secret", database.folder / "data"
    secret.write_text(PASSWORD)
    for path in (database.folder, secret):
        shutil.chown(path, owner.pw_uid, owner.pw_gid)
    be_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    create = [f"--pgdata={data}", f"--username={database.user}", f"--pwfile={secret}", "--auth=scram-sha-256"]
    create += ["--encoding=UTF8", "--no-locale", "--no-sync"]
    quiet = {"cwd": database.folder, "stdout": subprocess.DEVNULL} | be_owner
    subprocess.run([database.programs / "initdb", *create], check=True, **quiet)
    settings = ["listen_addresses=", "fsync=off", f"unix_socket_directories={database.folder}"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (database.folder / "log").open("wb") as log:
        return subprocess.Popen([database.programs / "postgres", "-D", data, *options], stderr=log, **quiet)


def _wait(database: Postgres, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(subprocess.CalledProcessError):
            database.call("pg_isready")
            return
        time.sleep(0.1)
    raise TimeoutError(f"PostgreSQL did not start: {(database.folder / 'log').read_text()[-2000:]}")

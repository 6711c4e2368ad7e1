"""Ray: connect to a cluster or start one on this machine."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from sweep.cluster import ray_internals
from sweep.cluster.settings import PASSED_ON, QUIET, TOKEN
from sweep.cluster.socket_path import check_socket_path
from sweep.console import talk, warn
from sweep.errors import ClusterUnusable
from sweep.system import machine
from sweep.system.network import check_port
from sweep.text import first_line

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402

ANSWER_SECONDS = 5.0

MESSAGES = "ray-messages.log"
"""In the folder of a run: what Ray's processes told its driver."""

TOKEN_PROBLEMS = {
    "missing": "there is no token for {}",
    "wanted": "{} wants a token",
    "refused": "{} refuses the token",
}


def check_reachable(address: str | None) -> None:
    """Check that a head listens at the address and accepts the token; Ray itself would try for minutes.

    Raises:
        ClusterUnusable: when nothing listens there, or it wants another token.
    """
    place = (address or "auto").rpartition("//")[2]
    host, _, port = place.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        check_port(place, ANSWER_SECONDS)
    except OSError as error:
        raise ClusterUnusable(
            f"no Ray cluster at {place}: {error}",
            next=f"ray status --address {place}; without --address a cluster is started on this machine",
        ) from error
    if problem := ray_internals.token_problem(place, ANSWER_SECONDS):
        raise ClusterUnusable(TOKEN_PROBLEMS[problem].format(f"the cluster at {place}"), next=f"the same with {TOKEN}")


@contextmanager
def connected(address: str | None, folder: Path, console: Console = talk) -> Iterator[None]:
    """While in the block, a connection to the cluster at that address, or to one started on this machine in the folder.

    What Ray tells this driver is written to `MESSAGES` in the folder.

    Raises:
        ClusterUnusable: when it cannot be reached or started.
    """
    ray_internals.write_messages_to(folder / MESSAGES)
    if address:
        _connect(address)
    else:
        _start(folder, console)
        _close_token_to_others()
    try:
        yield
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        _init(address=address, runtime_env={"env_vars": passed_on})
    except Exception as error:
        raise ClusterUnusable(
            f"Ray cannot be reached at {address}: {error}", next=f"ray status; a cluster with tokens needs {TOKEN}"
        ) from error


def _start(folder: Path, console: Console) -> None:
    """Start Ray on this machine; where that fails, as on a busy machine, once more."""
    check_socket_path()
    _close_token_to_others()
    try:
        _init(address="local", include_dashboard=False, _temp_dir=str(folder))
    except Exception as error:
        warn(f"Ray did not start ({first_line(error)}): trying once more", console)
        with suppress(Exception):
            ray.shutdown()
        try:
            _init(address="local", include_dashboard=False, _temp_dir=str(folder))
        except Exception as again:
            raise ClusterUnusable(
                f"Ray cannot be started on this machine: {again}", next=_remedy(str(again), folder)
            ) from again


def _close_token_to_others() -> None:
    """Let this user alone read the file with Ray's token, which Ray makes readable for all."""
    file = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    with suppress(OSError, RuntimeError):
        if file.stat().st_uid == os.getuid():
            file.chmod(0o600)


def _init(**settings: Any) -> None:
    with warnings.catch_warnings(), nullcontext() if settings["address"] != "local" else ray_internals.loopback_only():
        warnings.simplefilter("ignore")
        ray.init(logging_level=logging.CRITICAL, log_to_driver=False, **settings)


def _remedy(message: str, folder: Path) -> str:
    """What a user can do when Ray does not start here, by what it said and by the load of the machine."""
    if "token" in message.lower():
        return f"the same without RAY_AUTH_MODE, or with {TOKEN}"
    logs = folder / "session_latest" / "logs"
    load, cpus = os.getloadavg()[0], machine.cpus()
    if load > cpus:
        return f"the machine is busy (load {load:.0f} on {cpus} CPUs): the same later; Ray's logs are in {logs}"
    return f"Ray's logs are in {logs}"


def ports() -> dict[str, str]:
    """HOST:PORT of what the driver cannot do without: the head of the connected cluster, and the driver's own node."""
    context = ray.get_runtime_context()
    own = next(node for node in ray.nodes() if node["NodeID"] == context.get_node_id())
    return {
        "the head of the Ray cluster": str(context.gcs_address),
        "this driver's node of the Ray cluster": f"{own['NodeManagerAddress']}:{own['NodeManagerPort']}",
    }

"""Ray: connect to a cluster or start one on this machine, and what of it a trial can have."""

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Settings that Ray reads when it is imported: our own progress display is the only one."""

KNOCK_SECONDS = 5.0

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402

from sweep.errors import ClusterUnusable  # noqa: E402
from sweep.spec import Resources  # noqa: E402


@dataclass(frozen=True)
class Share:
    """What each trial gets, how many run at once, and what should be said about it."""

    gpus: float
    cpus: float
    threads: int
    concurrent: int
    note: str | None = None


def check_reachable(address: str | None) -> None:
    """Knock at the address; Ray itself would try for minutes.

    Raises:
        ClusterUnusable: when nothing listens there.
    """
    host, _, port = (address or os.environ.get("RAY_ADDRESS") or "auto").rpartition("//")[2].rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        raise ClusterUnusable(
            f"no Ray cluster at {host}:{port}: {error}\n  next: ray status --address {host}:{port}; without --address "
            "a cluster is started on this machine"
        ) from error


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """A connection to the cluster at that address, or to one started on this machine for as long as it lasts.

    Raises:
        ClusterUnusable: when it cannot be reached or started.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or os.environ.get("RAY_ADDRESS") or "local",
                logging_level=logging.ERROR,
                log_to_driver=False,
                include_dashboard=None if address else False,
            )
    except Exception as error:
        where = f"at {address}" if address else "on this machine"
        raise ClusterUnusable(f"Ray cannot be reached or started {where}: {error}\n  next: ray status") from error
    try:
        yield
    finally:
        ray.shutdown()


def share(wanted: Resources, max_concurrent: int | None) -> Share:
    """The resources of a trial on the connected cluster; without any GPU a trial runs on CPUs, and the note says so.

    Raises:
        ClusterUnusable: when not even one trial fits.
    """
    have = ray.cluster_resources()
    gpus, note = wanted.gpus, None
    if gpus and not have.get("GPU"):
        gpus, note = 0.0, "no GPU in the cluster: trials run on CPU"
    fitting = [int(have.get("CPU", 0) // wanted.cpus)]
    if gpus:
        whole = int(have["GPU"] // gpus) if gpus >= 1 else int(have["GPU"]) * int(1 // gpus)
        fitting.append(whole)
    if min(fitting) < 1:
        raise ClusterUnusable(
            f"no trial fits: one wants {gpus:g} GPUs and {wanted.cpus:g} CPUs, the cluster has "
            f"{have.get('GPU', 0):g} and {have.get('CPU', 0):g}\n  next: lower --gpus-per-trial or --cpus-per-trial"
        )
    return Share(
        gpus, wanted.cpus, wanted.threads, min([*fitting, *([max_concurrent] if max_concurrent else [])]), note
    )

"""Ray: connect to a cluster or start one on this machine."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sweep.cluster import ray_internals
from sweep.cluster.settings import PASSED_ON, QUIET, TOKEN
from sweep.errors import ClusterUnusable
from sweep.system.network import check_port

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402

ANSWER_SECONDS = 5.0

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
def connected(address: str | None) -> Iterator[None]:
    """While in the block, a connection to the cluster at that address, or to one started on this machine.

    Raises:
        ClusterUnusable: when it cannot be reached or started.
    """
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        with warnings.catch_warnings(), nullcontext() if address else ray_internals.loopback_only():
            warnings.simplefilter("ignore")
            ray.init(
                address=address or "local",
                runtime_env={"env_vars": passed_on} if address else None,
                logging_level=logging.CRITICAL,
                log_to_driver=False,
                include_dashboard=None if address else False,
            )
    except Exception as error:
        where = f"reached at {address}" if address else "started on this machine"
        raise ClusterUnusable(
            f"Ray cannot be {where}: {error}", next=f"ray status; a cluster with tokens needs {TOKEN}"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def head_address() -> str:
    """HOST:PORT of the head of the connected cluster."""
    return str(ray.get_runtime_context().gcs_address)

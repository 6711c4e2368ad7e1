"""Ray: connect to a cluster or start one on this machine, and the share of it that a trial gets."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sweep.cluster import ray_internals
from sweep.cluster.settings import PASSED_ON, QUIET, TOKEN
from sweep.cluster.share import Share
from sweep.errors import ClusterUnusable
from sweep.spec import Resources, trials_at_a_time
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


def share(resources: Resources, max_concurrent: int | None, is_own: bool) -> Share:
    """The resources of a trial, and how many run at once, on the connected cluster.

    On this machine's own cluster (`is_own`), without any GPU, trials run on CPUs, and the note says so. An existing
    cluster may grow while trials wait, so there Ray alone decides how many fit.

    Raises:
        ClusterUnusable: when not even one trial fits on this machine.
    """
    available = ray.cluster_resources()
    gpus, note = resources.gpus, None
    if gpus and not available.get("GPU"):
        if is_own:
            gpus, note = 0.0, "no GPU in this machine: trials run on CPU"
        else:
            note = f"no GPU in the cluster yet: trials wait for one; on CPUs: --gpus-per-trial 0 (want {gpus:g})"
    if not is_own:
        note = note or _too_large(gpus, resources.cpus)
        return Share(gpus, resources.cpus, resources.threads, max_concurrent, note)
    at_a_time = trials_at_a_time(resources, int(available.get("CPU", 0)), int(available.get("GPU", 0)), max_concurrent)
    if at_a_time < 1:
        raise ClusterUnusable(
            f"no trial fits: one wants {gpus:g} GPUs and {resources.cpus:g} CPUs, this machine has "
            f"{available.get('GPU', 0):g} and {available.get('CPU', 0):g}",
            next="lower --gpus-per-trial or --cpus-per-trial",
        )
    return Share(gpus, resources.cpus, resources.threads, at_a_time, note)


def _too_large(gpus: float, cpus: float) -> str | None:
    """The note for a trial that fits on no live node of the cluster; None if it fits on one."""
    nodes = [
        (node["Resources"].get("GPU", 0), node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]
    ]
    if any(has_gpus >= gpus and has_cpus >= cpus for has_gpus, has_cpus in nodes):
        return None
    has_gpus, has_cpus = max(nodes, key=lambda node: (node[0] if gpus else 0, node[1]), default=(0, 0))
    return (
        f"no node of the cluster has room for a trial yet: one wants {gpus:g} GPUs and {cpus:g} CPUs, the largest node "
        f"has {has_gpus:g} and {has_cpus:g}; trials wait for a larger one, which a cluster that scales itself may "
        "start; else lower --cpus-per-trial or --gpus-per-trial"
    )

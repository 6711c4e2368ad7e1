"""Checks before a run on a cluster: every node can use the store and has received the data.

On a node that joins later, the first trial checks that it sees the driver's store.
"""

import socket
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console

import sweep.cluster.connection  # noqa: F401 sets what Ray reads when it is imported
from sweep.cluster.driver_data import DriverData
from sweep.cluster.nodes import ask_each, live
from sweep.cluster.share import Share
from sweep.errors import ClusterUnusable
from sweep.storage import StoreAddress
from sweep.store import SharedMarker, Store, shared_marker
from sweep.system.machine import Gpu, gpus
from sweep.text import counted, first_line

import ray  # isort: skip
from ray import tune  # isort: skip

PROOF_SECONDS = 120.0
"""The time that a node has: it starts a process, imports this project and fetches the data."""

LAG_SECONDS = 20.0
MESSAGE_LENGTH = 300
REMEDY = (
    "mount the store there at the same path, or choose a --store that every node sees (a bucket as in "
    "s3://BUCKET/PREFIX); or take such nodes out of the cluster"
)


class Unfit(Exception):
    """A node cannot run trials; the message says why."""


def with_driver_data(
    trainable: Any, driver_data: DriverData, share: Share, store: Store, sweep: str, console: Console
) -> tuple[Any, list[Gpu]]:
    """The trainable bound to the driver's data, and the GPUs of the nodes, after a preflight of all nodes it fits on.

    Raises:
        ClusterUnusable: when a node does not pass.
    """
    data_ref, there = ray.put(driver_data), live(share.cpus, share.gpus)
    text = f"checking the store and sending the data on {counted(len(there), 'node')} of the cluster"
    console.print(
        text if there else "no node can hold a trial yet: each node that joins checks the store", soft_wrap=True
    )
    gpus_of_nodes = check_nodes(there, store, sweep, data_ref)
    return tune.with_parameters(trainable, driver_data=data_ref), gpus_of_nodes


def check_nodes(
    nodes: Mapping[str, str], store: Store, sweep: str, driver_data: "ray.ObjectRef[DriverData]"
) -> list[Gpu]:
    """Check that every node (host names by id) can read, write and rename in the driver's own store, and has the data.

    Returns the GPUs of them all.

    Raises:
        ClusterUnusable: naming each node that cannot, and why.
    """
    with shared_marker(store, sweep) as marker:
        answers = ask_each(list(nodes), PROOF_SECONDS, prove, store.root, marker.name, driver_data)
        for node, answer in answers.items():
            if not isinstance(answer, Exception) and not marker.is_answered(node):
                answers[node] = Unfit(f"what it wrote to {store.root} is not there for the driver: it is another place")
        marker.delete_answers(nodes)
    still_there = live()
    unfit = {node: answer for node, answer in answers.items() if isinstance(answer, Exception) and node in still_there}
    if unfit:
        reasons = "".join(f"\n  {nodes[node]} (node {node[:8]}): {_in_words(error)}" for node, error in unfit.items())
        raise ClusterUnusable(
            f"{len(unfit)} of {counted(len(nodes), 'node')} that could hold a trial cannot run one:{reasons}",
            next=REMEDY,
        )
    return [gpu for answer in answers.values() if not isinstance(answer, Exception) for gpu in answer]


def check_here(store: Store, sweep: str) -> None:
    """Check that this process sees the driver's own store, by the spec of the sweep in it.

    Raises:
        ClusterUnusable: when the spec is not there, even after LAG_SECONDS, as a shared folder may lag.
        StorageFault: when the store cannot be read.
    """
    deadline = time.monotonic() + LAG_SECONDS
    while not store.has_spec(sweep):
        if time.monotonic() > deadline:
            raise ClusterUnusable(
                f"{socket.gethostname()} has joined the cluster, but {_not_there(store.root)}", next=REMEDY
            )
        time.sleep(LAG_SECONDS / 20)


def prove(node: str, root: StoreAddress, marker: str, driver_data: "DriverData | None") -> list[Gpu]:
    """Use the store on this node as a trial does, and check that the data has arrived; returns the node's GPUs.

    Raises:
        Unfit, StorageFault, DatasetError: when that cannot be done.
    """
    if driver_data:
        driver_data.unpacked()
    shared = SharedMarker(Store(root), marker)
    if not shared.is_visible:
        raise Unfit(_not_there(root))
    if not shared.answer(node):
        raise Unfit(f"what it wrote to {root} could not be read back")
    return gpus(also_hidden=True)


def _not_there(root: StoreAddress) -> str:
    return f"what the driver wrote to {root} is not there for it: it is another place, or not mounted"


def _in_words(error: BaseException) -> str:
    cause = getattr(error, "cause", None) or error
    name = "" if isinstance(cause, Unfit) else f"{type(cause).__name__}: "
    return f"{name}{first_line(cause, MESSAGE_LENGTH)}"

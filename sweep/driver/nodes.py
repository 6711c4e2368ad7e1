"""LEAF. What a driver asks of the nodes that trials run on."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Nodes(Protocol):
    """The nodes that trials run on. The module `sweep.cluster.nodes` is this for a Ray cluster."""

    def live(self, cpus: float = 0.0, gpus: float = 0.0) -> Mapping[str, str]:
        """Host names of the live nodes by id, of those that could hold a trial of that size."""

    def own(self) -> str:
        """The node that this process is on."""

    def largest(self, resource: str) -> float:
        """The most that one live node has of a resource."""

    def kill(self, actor: Any, node: str, pid: int | None) -> None:
        """End the process of a trial that does not answer; returns at once and never raises."""

    def on_node(self, node: str, action: Callable[..., object], *arguments: Any) -> None:
        """Call a function on that node and wait for it, for a while; never raises."""

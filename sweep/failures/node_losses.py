"""LEAF. Which attempts died because their node left: decided soon after each death, and never changed. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping

NOTICE_SECONDS = 60.0
"""Ray may take so long to report that a node is gone. A node that leaves later is not the cause of an earlier death."""


class NodeLosses:
    """Watches the node of each death until the node has left, or has stayed for `NOTICE_SECONDS`."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], tuple[str, float]] = {}
        self._lost: dict[str, set[int]] = defaultdict(set)

    @property
    def are_open(self) -> bool:
        """Whether some death is still undecided."""
        return bool(self._open)

    @property
    def lost_attempts(self) -> Mapping[str, Collection[int]]:
        """The numbers of the attempts that died because their node left, by point."""
        return self._lost

    def died(self, point_id: str, number: int, node: str, moment: float) -> None:
        """An attempt died on that node, at that monotonic moment in seconds; a node without a name decides nothing."""
        if node:
            self._open[point_id, number] = (node, moment)

    def look(self, live: Collection[str], moment: float) -> None:
        """Decide deaths by the nodes that are live at that moment."""
        for (point_id, number), (node, died) in list(self._open.items()):
            is_late = moment - died > NOTICE_SECONDS
            if node not in live and not is_late:
                self._lost[point_id].add(number)
            if node not in live or is_late:
                del self._open[point_id, number]

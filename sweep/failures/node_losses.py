"""LEAF. Which attempts died with their node: decided soon after each death, and never changed. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping

NOTICE_SECONDS = 60.0
"""So long Ray may take to say that a node is gone; one that leaves later has not taken an earlier death with it."""


class NodeLosses:
    """Follows every death until its node has gone, or has stayed for long enough."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], tuple[str, float]] = {}
        self._lost: dict[str, set[int]] = defaultdict(set)

    @property
    def are_open(self) -> bool:
        """Whether it is still undecided for some death."""
        return bool(self._open)

    @property
    def lost_attempts(self) -> Mapping[str, Collection[int]]:
        """The numbers of the attempts that died with their node, by point."""
        return self._lost

    def died(self, point_id: str, number: int, node: str, moment: float) -> None:
        """An attempt died on that node, at that monotonic moment in seconds; a node without a name decides nothing."""
        if node:
            self._open[point_id, number] = (node, moment)

    def look(self, live: Collection[str], moment: float) -> None:
        """Take note of the nodes that are live at that moment."""
        for (point_id, number), (node, died) in list(self._open.items()):
            is_late = moment - died > NOTICE_SECONDS
            if node not in live and not is_late:
                self._lost[point_id].add(number)
            if node not in live or is_late:
                del self._open[point_id, number]

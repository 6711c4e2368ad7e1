"""LEAF. Which attempts died because their node left: decided soon after each death, and never changed. Pure."""

from collections.abc import Collection

NOTICE_SECONDS = 60.0
"""Ray may take so long to report that a node is gone. A node that leaves later is not the cause of an earlier death."""


class NodeLosses:
    """Watches the node of each death until the node has left, or has stayed for `NOTICE_SECONDS`."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], tuple[str, float]] = {}

    @property
    def are_open(self) -> bool:
        """Whether some death is still undecided."""
        return bool(self._open)

    def died(self, point_id: str, number: int, node: str, moment: float) -> None:
        """An attempt died on that node, at that monotonic moment in seconds; a node without a name decides nothing."""
        if node:
            self._open[point_id, number] = (node, moment)

    def look(self, live: Collection[str], moment: float) -> list[tuple[str, int]]:
        """Decide deaths by the nodes that are live at that moment; returns the points and numbers of the lost ones."""
        lost = []
        for (point_id, number), (node, died) in list(self._open.items()):
            is_late = moment - died > NOTICE_SECONDS
            if node not in live and not is_late:
                lost.append((point_id, number))
            if node not in live or is_late:
                del self._open[point_id, number]
        return lost

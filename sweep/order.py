"""The order in which points start: the longest first, and those of equal shape one after the other. Pure.

The longest first, so that no long one is left alone at the end. Equal shapes together, so that a process that has
built and compiled a network for one point goes on with it to the next.
"""

from collections.abc import Iterable, Mapping
from statistics import median

from sweep.costs import Costs, Shape, shape, work
from trainables.config import TrialConfig


def launch_order(points: Iterable[TrialConfig], cost: Costs, epochs_done: Mapping[str, int]) -> tuple[TrialConfig, ...]:
    """The points, shape by shape, the shape with the longest point first and in each shape the longest point first.

    A point takes what `cost` says; where that is unknown, its work for all epochs that it has left counts, and for one
    more, as points without training are measured too, at the pace of the shapes that are known. Equals stay in the
    order given.
    """
    paces = [per_epoch / cost.works[like] for like, per_epoch in cost.per_epoch.items() if cost.works.get(like)]
    pace = median(paces) if paces else 1.0

    def seconds(point: TrialConfig) -> float:
        done = epochs_done.get(point.point_id, 0)
        known = cost.seconds(point, done)
        return pace * work(point) * (point.epochs + 1 - done) if known is None else known

    alike: dict[Shape, list[tuple[float, TrialConfig]]] = {}
    for point in points:
        alike.setdefault(shape(point), []).append((seconds(point), point))
    longest_first = [sorted(group, key=lambda one: -one[0]) for group in alike.values()]
    longest_first.sort(key=lambda group: -group[0][0])
    return tuple(point for group in longest_first for _, point in group)

"""What a run does next: what was cut short or may be tried again, then what needs more room. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sweep.failures.kinds import NODE_LOST, may_retry
from sweep.store import Attempt, PointState
from trainables.config import TrialConfig


@dataclass(frozen=True)
class Round:
    """Points to run together; `has_more_room` says whether each gets more of the machine than the run asked for."""

    points: tuple[TrialConfig, ...]
    has_more_room: bool = False


def next_round(
    points: Sequence[TrialConfig],
    known: Mapping[str, PointState],
    begun: Mapping[str, int],
    sick: Collection[str],
    with_node: Mapping[str, Collection[int]],
    is_cut_short: bool,
) -> Round:
    """The next round of a run over `points`, whose attempts up to `begun` were there before; an empty one at its end.

    Points without a result and without a failure run again only if the driver cut their round short, so that a run
    cannot go on for ever. What failed on a sick host counts for nothing; `with_node` has the numbers of the attempts
    that died with their node, by point.
    """
    again: list[TrialConfig] = []
    with_more_room: list[TrialConfig] = []
    for point in points:
        found = known[point.point_id]
        if found.state.is_done:
            continue
        name = point.point_id
        kinds = kinds_since(found.attempts, begun[name], sick, with_node.get(name, ()))
        if found.failure is None:
            if is_cut_short:
                again.append(point)
        elif kinds and not may_retry(kinds):
            continue
        elif kinds and kinds[-1] == "resource":
            with_more_room.append(point)
        else:
            again.append(point)
    return Round(tuple(again)) if again else Round(tuple(with_more_room), has_more_room=True)


def kinds_since(
    attempts: Sequence[Attempt], begun: int, sick: Collection[str], with_node: Collection[int]
) -> list[str]:
    """The kinds of the failures of a point in this run, oldest first, without those on sick hosts.

    The attempts with the numbers `with_node`, which died with their node, count as `NODE_LOST`.
    """
    return [
        NODE_LOST if one.failure.kind == "infra" and one.number in with_node else one.failure.kind
        for one in attempts
        if one.number > begun and one.failure and one.provenance.get("ray_node") not in sick
    ]

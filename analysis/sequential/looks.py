"""LEAF. The looks at a sweep that grows: their seeds, fixed before any is trained, and the error that each spends."""

from collections.abc import Sequence
from dataclasses import dataclass

ERROR = 0.05
LOOKS = (8, 12, 18, 27)
"""Each half as many again as the one before; with fewer than eight no test of whole seeds reaches the first level.

Claims of which half of the seeds choose are tested by the other half, and can be decided from the third look on.
"""


@dataclass(frozen=True)
class Look:
    """A look at the seeds 0 to seeds - 1. level: a verdict needs a p below it."""

    seeds: int
    level: float


def looks(seeds: Sequence[int] = LOOKS) -> list[Look]:
    """The looks at these numbers of seeds, which ascend.

    The error is spent as Lan & DeMets (1983, Biometrika 70:659) let it, here in proportion to the seeds (the power
    family of Kim & DeMets 1987, Biometrika 74:149, with exponent 1). What a look spends is its level: the sum of all is
    5 %, so that a verdict which is wrong is reached at any of them in at most 5 % of sweeps, however the looks depend
    on each other (Bonferroni). That is wider than the boundaries of normal statistics, and asks nothing of them.
    """
    spent = [ERROR * number / seeds[-1] for number in (0, *seeds)]
    return [Look(number, after - before) for number, before, after in zip(seeds, spent, spent[1:], strict=False)]

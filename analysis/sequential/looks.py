"""LEAF. The looks at a sweep that grows: their seeds, fixed before any is trained, and the error that each spends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

ERROR = 0.05
LOOKS = (8, 12, 18, 27)
"""Each half as many again as the one before; with fewer than eight no test of whole seeds reaches the first level.

Claims of which half of the seeds choose are tested by the other half, and can be decided from the third look on.
"""


@dataclass(frozen=True)
class Look:
    """A look at the seeds 0 to seeds - 1. level: a verdict needs a p below it.

    level_of_half: of claims of which half of the seeds choose what the others test; 0 where these are too few.
    """

    seeds: int
    level: float
    level_of_half: float = 0.0

    def in_words(self, has_halves: bool) -> str:
        """`verdicts at p below 0.0148`; has_halves: whether there are claims of which half of the seeds choose."""
        of_half = f"below {self.level_of_half:.4f}" if self.level_of_half else "at none"
        return f"verdicts at p below {self.level:.4f}" + f" ({of_half} where half of the seeds choose)" * has_halves


def looks(seeds: Sequence[int] = LOOKS) -> list[Look]:
    """The looks at these numbers of seeds, which ascend.

    The error is spent as Lan & DeMets (1983, Biometrika 70:659) let it, here in proportion to the seeds (the power
    family of Kim & DeMets 1987, Biometrika 74:149, with exponent 1). What a look spends is its level: the sum of all is
    5 %, so that a verdict which is wrong is reached at any of them in at most 5 % of sweeps, however the looks depend
    on each other (Bonferroni). That is wider than the boundaries of normal statistics, and asks nothing of them. Claims
    tested by half of the seeds spend nothing at looks whose half is too small for any p below its level.
    """
    of_half = next(
        (
            levels
            for first in range(len(seeds))
            if _can_decide(seeds[first] // 2, (levels := _levels(seeds[first:]))[0])
        ),
        [],
    )
    of_half = [0.0] * (len(seeds) - len(of_half)) + of_half
    return [Look(*of_look) for of_look in zip(seeds, _levels(seeds), of_half, strict=True)]


def _levels(seeds: Sequence[int]) -> list[float]:
    spent = [ERROR * number / seeds[-1] for number in (0, *seeds)]
    return [after - before for before, after in pairwise(spent)]


def _can_decide(seeds: int, level: float) -> bool:
    """Whether the least p of a test of the signs of so many seeds is below the level."""
    return 2.0 ** (1 - seeds) < level

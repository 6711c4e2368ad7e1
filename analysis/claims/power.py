"""Seeds for a verdict: the effect seen, its spread over seeds, and how many seeds would decide it, with what hours."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.claims.judgement import Answer, Finding, Judgement
from analysis.claims.model import SIGNIFICANT, Reading, Unit, Verdict
from analysis.claims.wording import left_out
from analysis.statistics import fewest_seeds

POWER = 0.8
MOST_SEEDS = 1000
"""More are not looked for."""
MOST_SIMULATED, SIMULATED = 9, 1000


@dataclass(frozen=True)
class SeedsNeeded:
    """What a claim by one reading takes to be decided as its effects point, were they what was seen.

    effect: the one that takes most seeds of those that a verdict needs; its value, and its spread: the standard
    deviation of what one seed contributes. points_to: the verdict. seeds: in all, those that choose among them; None
    for more than `MOST_SEEDS`. hours: of one trial at a time, for seeds that are not there yet; None where no time is
    known.
    """

    claim: int
    reading: Reading
    effect: str
    unit: Unit
    value: float
    spread: float
    seeds_now: int
    points_to: Verdict
    seeds: int | None
    hours: float | None


def seeds_needed(judgements: Sequence[Judgement], points: pd.DataFrame, power: float = POWER) -> list[SeedsNeeded]:
    """For each claim and reading whose effects have a spread. points: the table, with the seconds that each took."""
    seconds = {str(name): float(one) for name, one in zip(points["point_id"], points["wall_seconds"], strict=True)}
    seeds = {str(name): int(one) for name, one in zip(points["point_id"], points["seed"], strict=True)}
    found = []
    for judgement in judgements:
        for answer in judgement.answers:
            one = _of_answer(judgement, answer, power)
            if one:
                found.append(_with_hours(one, answer, seconds, seeds))
    return found


@dataclass(frozen=True)
class Remark:
    """What a claim by one reading leaves out, and what it lacks where no number of seeds decides it."""

    claim: int
    reading: Reading
    said: str


def remarks(judgements: Sequence[Judgement]) -> list[Remark]:
    """Of the claims and readings that compare any points, those of which something is to be said."""
    found = []
    for judgement in judgements:
        for answer in judgement.answers:
            said = [
                f"{one.undefined} of {one.comparisons} numbers undefined ({one.effect})"
                for one in answer.findings
                if one.undefined
            ]
            said += [f"left out: {points}" for points in left_out(answer)]
            is_told = not answer.blocked and _known(answer)
            said += [f"needs {answer.need.lack}"] if answer.need and not is_told else []
            if said and (answer.findings or answer.left_out):
                found.append(Remark(judgement.claim.number, answer.reading, "; ".join(said)))
    return found


def _known(answer: Answer) -> list[Finding]:
    """Its findings if all of them have a spread, else none."""
    known = [one for one in answer.findings if one.estimate and one.estimate.n > 1]
    return known if len(known) == len(answer.findings) else []


def _of_answer(judgement: Judgement, answer: Answer, power: float) -> SeedsNeeded | None:
    known = _known(answer)
    if not known:
        return None
    points_to, effects = _pointed_at(known)
    count = len(known) if points_to is not Verdict.SUPPORTED else 1
    each = (
        1 - (1 - power) / len(effects) if points_to is Verdict.SUPPORTED else power
    )  # all of them, however they depend
    needed = [(_seeds(one, points_to, count, each), one) for one in effects]
    choose = max if points_to is Verdict.SUPPORTED else min
    seeds, effect = choose(needed, key=lambda pair: pair[0])
    both = 1 + judgement.claim.half_chooses
    assert effect.estimate is not None
    return SeedsNeeded(
        judgement.claim.number,
        answer.reading,
        effect.effect,
        effect.unit,
        effect.estimate.value,
        effect.spread,
        effect.estimate.n * both,
        points_to,
        int(seeds) * both if math.isfinite(seeds) else None,
        None,
    )


def _pointed_at(findings: Sequence[Finding]) -> tuple[Verdict, list[Finding]]:
    """The verdict that the values point at, and the effects which it rests on: all for support, any one else."""
    against = [one for one in findings if not _is_as_claimed(one) and not _is_small(one)]
    small = [one for one in findings if _is_small(one)]
    if against:
        return Verdict.CONTRADICTED, against
    return (Verdict.NO_EFFECT, small) if small else (Verdict.SUPPORTED, list(findings))


def _is_as_claimed(finding: Finding) -> bool:
    return finding.estimate is not None and (finding.estimate.value > finding.null) == (finding.expected == "above")


def _is_small(finding: Finding) -> bool:
    return finding.estimate is not None and abs(finding.estimate.value - finding.null) < finding.smallest / 2


def _seeds(finding: Finding, points_to: Verdict, effects: int, power: float) -> float:
    """The fewest seeds with that power, infinite for more than `MOST_SEEDS`; effects: by which p is multiplied."""
    estimate, deviation = finding.estimate, finding.spread
    assert estimate is not None
    distance = abs(estimate.value - finding.null)
    first = fewest_seeds(effects)
    for seeds in range(first, MOST_SEEDS + 1):
        if points_to is Verdict.NO_EFFECT:
            reached = power_of_equivalence(distance, finding.smallest, deviation, seeds, SIGNIFICANT / effects)
        else:
            reached = power_of_difference(distance, deviation, seeds, SIGNIFICANT / effects)
        if reached >= power:
            return seeds
    return math.inf


def power_of_difference(distance: float, deviation: float, seeds: int, level: float = SIGNIFICANT) -> float:
    """How often the two-sided test of whole seeds is decided on the side of the effect.

    For few seeds as simulated sweeps have it, for more that of a t test, which it comes close to.
    """
    if deviation == 0:
        return 1.0
    if seeds <= MOST_SIMULATED:
        return float(np.mean(2 * _one_sided(distance / deviation, seeds) < level))
    limit = stats.t.ppf(1 - level / 2, seeds - 1)
    return float(stats.nct.sf(limit, seeds - 1, distance / deviation * math.sqrt(seeds)))


def power_of_equivalence(
    distance: float, margin: float, deviation: float, seeds: int, level: float = SIGNIFICANT
) -> float:
    """A lower bound of how often two one-sided tests (Schuirmann 1987) find an effect so far from the null small."""
    if deviation == 0:
        return 1.0
    away = [side / deviation for side in (margin - distance, margin + distance)]
    if seeds <= MOST_SIMULATED:
        sides = [float(np.mean(_one_sided(one, seeds) < level)) for one in away]
    else:
        limit = stats.t.ppf(1 - level, seeds - 1)
        sides = [float(stats.nct.sf(limit, seeds - 1, one * math.sqrt(seeds))) for one in away]
    return max(0.0, sum(sides) - 1)


def _one_sided(mean: float, seeds: int) -> np.ndarray:
    """p of the sign-flip test in simulated sweeps, whose seeds have that mean and a deviation of 1. Shape (sweeps,)."""
    draws = np.random.default_rng(seeds).normal(mean, 1.0, (seeds, SIMULATED))
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=seeds)))
    shares: np.ndarray = np.mean(signs @ draws >= draws.sum(axis=0) - 1e-9, axis=0)
    return shares


def _with_hours(
    needed: SeedsNeeded, answer: Answer, seconds: Mapping[str, float], seeds: Mapping[str, int]
) -> SeedsNeeded:
    """The hours that the seeds that are not there yet take, each as the mean of those that are."""
    times = [seconds[name] for name in answer.used if math.isfinite(seconds.get(name, math.nan))]
    if needed.seeds is None or len(times) < len(answer.used):
        return needed
    of_a_seed = sum(times) / len({seeds[name] for name in answer.used})
    more = max(0, needed.seeds - needed.seeds_now)
    return SeedsNeeded(**{**vars(needed), "hours": more * of_a_seed / 3600})

"""Whether a verdict rests on a choice: without a seed, with other margins, by one k, N or momentum alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.claims.judgement import Judgement
from analysis.claims.judging import judge_runs
from analysis.claims.model import Claim, Verdict
from analysis.claims.needs import Origin
from analysis.claims.runs import Run, read_runs
from analysis.quantities import TEST_ERROR

OF_MEASUREMENT = {"measure_neighbors": "k", "measure_samples": "images", "batch_norm_momentum": "BatchNorm momentum"}
"""Fields of a config whose choice a verdict should not rest on, by what they are called."""

MOST_SEEDS_LEFT_OUT = 12
"""Of more seeds the first ones: each takes a judgement of all runs."""


@dataclass(frozen=True)
class Sensitivity:
    """The verdict on a claim, and by each choice with which it is another one, that one.

    asked: how many choices were tried.
    """

    claim: Claim
    verdict: str
    others: dict[str, str]
    asked: int

    @property
    def is_fragile(self) -> bool:
        """Whether one of them changes it."""
        return bool(self.others)


def sensitivity(
    judgements: Sequence[Judgement], epochs: pd.DataFrame, points: pd.DataFrame, origin: Origin
) -> list[Sensitivity]:
    """Of each claim that is decided by at least one measure. epochs, points: as `judge` takes them."""
    decided = [one for one in judgements if set(one.verdicts.values()) != {Verdict.UNDECIDED}]
    if not decided:
        return []
    runs = read_runs(epochs, points)
    found: dict[str, dict[str, str]] = {one.claim.name: {} for one in decided}
    for choice, claims, seen in _choices([one.claim for one in decided], runs):
        for other in judge_runs(seen, claims, origin, only_deciding=True):
            found[other.claim.name][choice] = other.verdict
    return [_changes(one, found[one.claim.name]) for one in decided]


def _choices(claims: Sequence[Claim], runs: Sequence[Run]) -> Iterator[tuple[str, list[Claim], Sequence[Run]]]:
    """What is chosen otherwise, the claims that it concerns, with that choice, and the runs."""
    for seed in sorted({int(run.config["seed"]) for run in runs})[:MOST_SEEDS_LEFT_OUT]:
        yield f"without seed {seed}", list(claims), [run for run in runs if run.config["seed"] != seed]
    for factor, name in ((0.5, "half"), (2.0, "twice")):
        yield f"{name} the smallest effect of interest", [_with_smallest(claim, factor) for claim in claims], runs
    for claim in claims:
        for choice, effects in claim.other_margins.items():
            yield choice, [replace(claim, effects=effects)], runs
    for field, name in OF_MEASUREMENT.items():
        values = _values(runs, field)
        for value in values if len(values) > 1 else ():
            yield f"{name} {value} alone", list(claims), [run for run in runs if run.config[field] == value]


def not_varied(points: pd.DataFrame) -> list[str]:
    """Of the choices in `OF_MEASUREMENT` those that the points do not vary, with what they have: `k (3)`."""
    runs = read_runs(pd.DataFrame(columns=["point_id", "epoch", "pair", TEST_ERROR]), points)
    values = {name: _values(runs, field) for field, name in OF_MEASUREMENT.items()}
    return [f"{name} ({one[0]})" for name, one in values.items() if len(one) == 1]


def _values(runs: Sequence[Run], field: str) -> list[Any]:
    return sorted({run.config[field] for run in runs}, key=lambda value: (str(type(value)), value))


def _with_smallest(claim: Claim, factor: float) -> Claim:
    effects = (replace(effect, smallest=factor * effect.smallest_of_interest) for effect in claim.effects)
    return replace(claim, effects=tuple(effects))


def _changes(judgement: Judgement, verdicts: dict[str, str]) -> Sensitivity:
    others = {choice: verdict for choice, verdict in verdicts.items() if verdict != judgement.verdict}
    return Sensitivity(judgement.claim, judgement.verdict, others, len(verdicts))

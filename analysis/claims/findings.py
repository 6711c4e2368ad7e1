"""From groups of runs to findings: every effect of a claim over whole seeds, and what of it is undefined."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.claims.contrasts import chooses
from analysis.claims.judgement import Finding
from analysis.claims.model import SIGNIFICANT, Claim, Effect, Measure, Reading
from analysis.claims.runs import RunGroup
from analysis.statistics import Estimate, deviation, holm, lie_on_both_sides, mean_over_cells, p_beyond

Cell = tuple[tuple[str, Any], ...]
Cells = Mapping[Cell, list[RunGroup]]
Numbers = Mapping[str, Mapping[Cell, Mapping[Hashable, float]]]
"""Of an effect, by rival, cell and seed."""

Values = Mapping[Cell, Mapping[str, Sequence[float]]]
"""Of an effect, by cell and rival, one number for each group; NaN where it is undefined."""


def findings(claim: Claim, cells: Cells, reading: Reading) -> tuple[tuple[Finding, ...], set[str]]:
    """The effects, each over the seeds and cells where it is defined, corrected for all of them, and the points behind.

    Behind are those with a number in any of them, or that choose what the others test.
    """
    asked = [effect for effect in claim.effects if reading.networks == "trained" or effect.beyond != "nothing"]
    found = [one for effect in asked for one in _of_effect(claim, effect, cells, reading.measure)] if cells else []
    return tuple(corrected([one for one, _ in found])), {point for _, behind in found for point in behind}


def points_of(groups: Sequence[RunGroup]) -> list[str]:
    """The ids of the points behind these groups."""
    return [point for group in groups for run in group.runs.values() for point in run.point_ids]


def corrected(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of a claim by one reading, with p and p_no_effect corrected for all of them (Holm)."""
    p = _holm([finding.p for finding in findings])
    p_no_effect = _holm([finding.p_no_effect for finding in findings])
    return [
        replace(finding, p=one, p_no_effect=other) for finding, one, other in zip(findings, p, p_no_effect, strict=True)
    ]


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """The p values corrected for those that are defined."""
    defined = iter(holm([p for p in p_values if p is not None]))
    return [None if p is None else next(defined) for p in p_values]


def _of_effect(claim: Claim, effect: Effect, cells: Cells, measure: Measure) -> list[tuple[Finding, set[str]]]:
    if effect.each is None:
        return [_over(claim, effect, effect.name, cells, measure)]
    levels = sorted({dict(cell)[effect.each] for cell in cells})
    return [
        _over(
            claim,
            effect,
            f"{effect.name}, {effect.each} {level}",
            {cell: of for cell, of in cells.items() if dict(cell)[effect.each] == level},
            measure,
        )
        for level in levels
    ]


def _over(claim: Claim, effect: Effect, name: str, cells: Cells, measure: Measure) -> tuple[Finding, set[str]]:
    """The effect over these cells, with what of it is undefined, and the points behind the rest."""
    values = {cell: _of_groups(effect, groups, measure) for cell, groups in cells.items()}
    asked = {cell: [not (claim.half_chooses and chooses(group)) for group in groups] for cell, groups in cells.items()}
    undefined = [
        group
        for cell, groups in cells.items()
        for group, is_asked, *numbers in zip(groups, asked[cell], *values[cell].values(), strict=True)
        if is_asked and not (numbers and all(map(math.isfinite, numbers)))
    ]
    lacking = points_of(undefined)
    found = replace(
        finding(effect, name, _numbers(values, cells)),
        comparisons=sum(map(sum, asked.values())),
        undefined=len(undefined),
        undefined_points=tuple(sorted(lacking)),
    )
    return found, {point for groups in cells.values() for point in points_of(groups)} - {*lacking}


def finding(effect: Effect, name: str, numbers: Numbers) -> Finding:
    """The effect, or of an effect with several rivals that of the rival which speaks most against the claim.

    Its p and p_no_effect are corrected for the rivals, not yet for other effects: `corrected` does that.
    """
    rivals = list(numbers.values())
    if not rivals:
        return Finding(name, effect.unit, effect.expected, effect.null, None)
    estimates = [mean_over_cells(list(numbers.values()), effect.null) for numbers in rivals]
    side = 1 if effect.expected == "above" else -1
    worst = min(range(len(rivals)), key=lambda place: side * (estimates[place].value - effect.null))
    by_cell = {
        cell: _within(mean_over_cells([numbers], effect.null), effect.unit) for cell, numbers in rivals[worst].items()
    }
    smallest = effect.smallest_of_interest
    known = [estimate.p for estimate in estimates if estimate.p is not None]
    against, beyond = estimates[worst].p, p_beyond(list(rivals[worst].values()), effect.null, smallest)
    return Finding(
        name,
        effect.unit,
        effect.expected,
        effect.null,
        _within(replace(estimates[worst], p=max(known) if len(known) == len(rivals) else None), effect.unit),
        tuple((_label(cell, list(by_cell)), estimate) for cell, estimate in by_cell.items()),
        lie_on_both_sides(list(rivals[worst].values()), effect.null, smallest),
        None if against is None else min(1.0, len(rivals) * against),
        min(1.0, len(rivals) * beyond),
        smallest,
        spread=deviation(estimates[worst]),
    )


def _numbers(values: Values, cells: Cells) -> Numbers:
    """What is undefined is left out."""
    found: dict[str, dict[Cell, dict[Hashable, float]]] = {}
    for cell, of_rivals in values.items():
        for rival, numbers in of_rivals.items():
            of_seeds: dict[Hashable, float] = {
                group.seed: number for group, number in zip(cells[cell], numbers, strict=True) if math.isfinite(number)
            }
            if of_seeds:
                found.setdefault(rival, {})[cell] = of_seeds
    return found


def _of_groups(effect: Effect, groups: Sequence[RunGroup], measure: Measure) -> Mapping[str, Sequence[float]]:
    """What `effect.of` gives; of differences to frozen twins the difference of the numbers where it is one of these."""
    if effect.beyond == "number" and groups[0].is_difference:
        trained, frozen = (effect.of([group.side(place) for group in groups], measure) for place in (0, 1))
        return {"": list(np.asarray(trained) - np.asarray(frozen))}
    found = effect.of(groups, measure)
    return found if isinstance(found, Mapping) else {"": found}


def _label(cell: Cell, cells: Sequence[Cell]) -> str:
    """The fields in which a config differs from the others: `width 10, depth 2`."""
    values: dict[str, set[Any]] = {}
    for other in cells:
        for field, value in other:
            values.setdefault(field, set()).add(value)
    return ", ".join(f"{field} {value}" for field, value in cell if len(values[field]) > 1) or "the only config"


def _within(estimate: Estimate, unit: str) -> Estimate:
    """The estimate with an interval of possible values: correlations within 1, and none from a few equal numbers."""
    if estimate.low is None or estimate.high is None or estimate.p is None:
        return estimate
    if estimate.low == estimate.high and estimate.p >= SIGNIFICANT:
        return replace(estimate, low=None, high=None)
    if unit != "rho":
        return estimate
    return replace(estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))

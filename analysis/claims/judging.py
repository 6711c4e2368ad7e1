"""From runs to verdicts: every claim by each of its readings, whole seeds against each other.

Supported is what all effects of a claim show (intersection-union: nothing is corrected), contradicted what any of them
does (corrected for all effects of the claim by that reading, and for nothing else: what is asked beside it changes no
verdict).
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.claims.model import (
    SIGNIFICANT,
    Answer,
    Claim,
    Effect,
    Finding,
    Judgement,
    Measure,
    Need,
    Reading,
    Verdict,
)
from analysis.claims.needs import Origin
from analysis.claims.readings import PLAIN, Views, readings, views
from analysis.claims.runs import Run, RunGroup, read_runs
from analysis.quantities import DONE_STATES
from analysis.statistics import Estimate, fewest_seeds, holm, lie_on_both_sides, mean_over_cells, p_beyond

AT_CEILING = "within 5 % of the ceiling: a bound, no level to compare"
Cell = tuple[tuple[str, Any], ...]
Cells = Mapping[Cell, list[RunGroup]]
Numbers = Mapping[str, Mapping[Cell, Mapping[Hashable, float]]]
"""Of an effect, by rival, cell and seed."""


def judge(epochs: pd.DataFrame, points: pd.DataFrame, claims: Sequence[Claim], origin: Origin) -> list[Judgement]:
    """The judgement of each claim by a sweep. epochs, points: its tables, as `analysis.tables` has them.

    Claims about points that are missing, interrupted or failed stay undecided; diverged points are left out. Both are
    named.
    """
    return judge_runs(read_runs(epochs, points), claims, origin)


def judge_runs(
    runs: Sequence[Run], claims: Sequence[Claim], origin: Origin, only_deciding: bool = False
) -> list[Judgement]:
    """The judgement of each claim by these runs, by every reading or by those alone on which its verdict rests."""
    seen = views(runs)
    return [_judgement(claim, seen, origin, only_deciding) for claim in claims]


def _judgement(claim: Claim, seen: Views, origin: Origin, only_deciding: bool) -> Judgement:
    asked = [one for one in readings(claim, seen) if not only_deciding or claim.rests_on(one)]
    answers = [_answer(claim, seen[reading.networks, reading.variant], reading, origin) for reading in asked]
    found = Judgement(claim, tuple(_settled(answer, origin) for answer in answers))
    has_control = not claim.is_of_learning or all(map(found.has_whole_control, claim.measures))
    return found if has_control or not claim.groups(seen[PLAIN]) else replace(found, control=origin.control())


def _settled(answer: Answer, origin: Origin) -> Answer:
    """The answer without a need if it is decided, and with the need of those whose configs differ in sign."""
    if answer.verdict is not Verdict.UNDECIDED:
        return replace(answer, need=None)
    mixed = [finding for finding in answer.findings if finding.has_either_sign]
    if answer.blocked or not mixed:
        return answer
    counts = "; ".join(
        f"{finding.effect}: {finding.configs_as_claimed} of {len(finding.by_config)} as claimed" for finding in mixed
    )
    return replace(answer, need=origin.by_config(f"configs to be asked apart, as they differ in sign ({counts})"))


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


def _answer(claim: Claim, runs: Sequence[Run], reading: Reading, origin: Origin) -> Answer:
    groups = claim.groups(runs)
    if not groups:
        return Answer(reading, need=origin.preset(claim, runs), blocked=True)
    sorted_groups = _sort_out(claim, groups, reading.measure)
    whole, lacking = _with_all_values(sorted_groups.usable)
    cells = _by_cell(whole)
    replicated = {cell: cell_groups for cell, cell_groups in cells.items() if len(cell_groups) > 1}
    left_out = sorted_groups.left_out | lacking
    if replicated:
        single = {cell: cell_groups for cell, cell_groups in cells.items() if cell not in replicated}
        left_out |= {
            point: "only seed of its kind" for cell_groups in single.values() for point in _points(cell_groups)
        }
        cells = replicated
    findings, used = _findings(claim, cells, reading)
    answer = Answer(reading, findings, used, {name: reason for name, reason in left_out.items() if name not in used})
    need = _need(claim, runs, sorted_groups, replicated, reading.measure, origin)
    if need:
        return replace(answer, need=need, blocked=True)
    seeds = len({group.seed for cell_groups in cells.values() for group in cell_groups})
    return replace(answer, need=origin.seeds_to_decide(seeds, fewest_seeds() * (1 + claim.half_chooses), runs))


@dataclass(frozen=True)
class _SortedGroups:
    """The usable groups, and the points that make the other groups unusable, by reason."""

    usable: list[RunGroup]
    unfinished: dict[str, str]
    diverged: dict[str, str]
    unmeasured: dict[str, str]

    @property
    def left_out(self) -> dict[str, str]:
        return self.unfinished | self.diverged | self.unmeasured


def _sort_out(claim: Claim, groups: Sequence[RunGroup], measure: Measure) -> _SortedGroups:
    sorted_groups = _SortedGroups([], {}, {}, {})
    for group in groups:
        states = {run.point_id: run.state for run in group.runs.values()}
        unfinished = {name: state for name, state in states.items() if state not in DONE_STATES}
        diverged = {name: state for name, state in states.items() if state == "diverged"}
        unmeasured = {
            run.point_id: AT_CEILING if claim.curve(run, measure).is_near_ceiling else "without a value"
            for run in group.runs.values()
            if run.state == "finished"
            and not (claim.is_measured(run, measure) and not claim.curve(run, measure).is_near_ceiling)
        }
        sorted_groups.unfinished.update(unfinished)
        sorted_groups.diverged.update(diverged)
        sorted_groups.unmeasured.update(unmeasured)
        if not unfinished and not diverged and not unmeasured:
            sorted_groups.usable.append(group)
    return sorted_groups


def _need(
    claim: Claim, runs: Sequence[Run], sorted_groups: _SortedGroups, replicated: Cells, measure: Measure, origin: Origin
) -> Need | None:
    """What prevents any verdict; None if nothing does."""
    if sorted_groups.unfinished:
        return origin.unfinished(Counter(sorted_groups.unfinished.values()))
    if AT_CEILING in sorted_groups.unmeasured.values():  # those below it alone would be chosen by their outcome
        return origin.below_ceiling()
    if sorted_groups.usable:
        return None if replicated else origin.more_seeds("a second seed", runs, fewest_seeds())
    if sorted_groups.unmeasured:
        return origin.measured(claim, measure)
    return origin.preset(claim, runs, f"points that do not diverge, {len(sorted_groups.diverged)} of them did")


def _with_all_values(groups: Sequence[RunGroup]) -> tuple[list[RunGroup], dict[str, str]]:
    """The groups that have every value which others of their cell are compared by, and the points of the others."""
    values: dict[Cell, set[Any]] = {}
    for group in groups:
        values.setdefault(group.cell, set()).update(group.runs)
    whole = [group for group in groups if set(group.runs) == values[group.cell]]
    others = [group for group in groups if set(group.runs) != values[group.cell]]
    return whole, dict.fromkeys(_points(others), "of a seed that lacks some of the networks it is compared with")


def _by_cell(groups: Sequence[RunGroup]) -> Cells:
    cells: dict[Cell, list[RunGroup]] = {}
    for group in groups:
        cells.setdefault(group.cell, []).append(group)
    return cells


def _points(groups: Sequence[RunGroup]) -> list[str]:
    return [point for group in groups for run in group.runs.values() for point in run.point_ids]


def _findings(claim: Claim, cells: Cells, reading: Reading) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The effects, each over the cells where it is defined, and the ids of the points behind them."""
    if not cells:
        return (), ()
    asked = [effect for effect in claim.effects if reading.networks == "trained" or effect.beyond != "nothing"]
    findings = [finding for effect in asked for finding in _of_effect(effect, cells, reading.measure)]
    used = {point for groups in cells.values() for point in _points(groups)}
    return tuple(corrected(findings)), tuple(sorted(used))


def _of_effect(effect: Effect, cells: Cells, measure: Measure) -> list[Finding]:
    if effect.each is None:
        return [finding(effect, effect.name, _numbers(effect, cells, measure))]
    levels = sorted({dict(cell)[effect.each] for cell in cells})
    return [
        finding(
            effect,
            f"{effect.name}, {effect.each} {level}",
            _numbers(effect, {cell: of for cell, of in cells.items() if dict(cell)[effect.each] == level}, measure),
        )
        for level in levels
    ]


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
    )


def _numbers(effect: Effect, cells: Cells, measure: Measure) -> Numbers:
    """What is undefined is left out."""
    found: dict[str, dict[Cell, dict[Hashable, float]]] = {}
    for cell, groups in cells.items():
        values = _of_groups(effect, groups, measure)
        for rival, numbers in (values if isinstance(values, Mapping) else {"": values}).items():
            of_seeds: dict[Hashable, float] = {
                group.seed: number for group, number in zip(groups, numbers, strict=True) if math.isfinite(number)
            }
            if of_seeds:
                found.setdefault(rival, {})[cell] = of_seeds
    return found


def _of_groups(effect: Effect, groups: Sequence[RunGroup], measure: Measure) -> Any:
    """What `effect.of` gives; of differences to frozen twins the difference of the numbers where it is one of these."""
    if effect.beyond != "number" or not groups[0].is_difference:
        return effect.of(groups, measure)
    trained, frozen = (effect.of([group.side(place) for group in groups], measure) for place in (0, 1))
    return list(np.asarray(trained) - np.asarray(frozen))


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

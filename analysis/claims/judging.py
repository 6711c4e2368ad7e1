"""From runs to verdicts: every claim by each of its readings, with one correction of p values for all of them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.claims.model import SIGNIFICANT, Answer, Claim, Effect, Finding, Judgement, Need, Reading, Verdict
from analysis.claims.needs import Origin
from analysis.claims.runs import Run, RunGroup, read_runs
from analysis.quantities import DONE_STATES
from analysis.statistics import Estimate, differ, holm, mean_over_cells

Cell = tuple[tuple[str, Any], ...]
Cells = Mapping[Cell, list[RunGroup]]


def judge(epochs: pd.DataFrame, points: pd.DataFrame, claims: Sequence[Claim], origin: Origin) -> list[Judgement]:
    """The judgement of each claim by a sweep. epochs, points: its tables, as `analysis.tables` has them.

    Claims about points that are missing, interrupted or failed stay undecided; diverged points are left out. Both are
    named. p values are corrected (Holm) for all effects of all claims by all readings together.
    """
    runs = read_runs(epochs, points)
    answers = [[_answer(claim, runs, reading, origin) for reading in claim.readings] for claim in claims]
    flat = [finding for claim_answers in answers for each_answer in claim_answers for finding in each_answer.findings]
    corrected = iter(_corrected(flat))
    return [
        Judgement(
            claim,
            tuple(_settled(answer, [next(corrected) for _ in answer.findings], origin) for answer in claim_answers),
        )
        for claim, claim_answers in zip(claims, answers, strict=True)
    ]


def _settled(answer: Answer, findings: Sequence[Finding], origin: Origin) -> Answer:
    """The answer with its final findings, and without a need if it is decided."""
    final = replace(answer, findings=tuple(findings))
    if final.verdict is not Verdict.UNDECIDED:
        return replace(final, need=None)
    mixed = [finding for finding in findings if finding.verdict is Verdict.UNDECIDED and finding.has_either_sign]
    if final.blocked or not mixed:
        return final
    counts = "; ".join(
        f"{finding.effect}: {finding.configs_as_claimed} of {len(finding.by_config)} as claimed" for finding in mixed
    )
    return replace(final, need=origin.by_config(f"configs to be asked apart, as they differ in sign ({counts})"))


def _corrected(findings: Sequence[Finding]) -> list[Finding]:
    raw = {place: finding.estimate.p for place, finding in enumerate(findings) if finding.estimate}
    defined = {place: p for place, p in raw.items() if p is not None}
    corrected = dict(zip(defined, holm(list(defined.values())), strict=True))
    return [replace(finding, p=corrected.get(place)) for place, finding in enumerate(findings)]


def _answer(claim: Claim, runs: Sequence[Run], reading: Reading, origin: Origin) -> Answer:
    groups = claim.groups(runs)
    if not groups:
        return Answer(reading, need=origin.preset(claim, runs), blocked=True)
    sorted_groups = _sort_out(claim, groups, reading)
    cells = _by_cell(sorted_groups.usable)
    replicated = {cell: cell_groups for cell, cell_groups in cells.items() if len(cell_groups) > 1}
    left_out = sorted_groups.left_out
    if replicated:
        single = {cell: cell_groups for cell, cell_groups in cells.items() if cell not in replicated}
        left_out |= {
            run.point_id: "only seed of its kind" for cell_groups in single.values() for run in _runs(cell_groups)
        }
        cells = replicated
    findings, used = _findings(claim, cells, reading)
    answer = Answer(reading, findings, used, {name: reason for name, reason in left_out.items() if name not in used})
    need = _need(claim, runs, sorted_groups, replicated, reading, origin)
    if need:
        return replace(answer, need=need, blocked=True)
    return replace(answer, need=origin.more_seeds("more seeds to decide", runs))


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


def _sort_out(claim: Claim, groups: Sequence[RunGroup], reading: Reading) -> _SortedGroups:
    sorted_groups = _SortedGroups([], {}, {}, {})
    for group in groups:
        states = {run.point_id: run.state for run in group.runs.values()}
        unfinished = {name: state for name, state in states.items() if state not in DONE_STATES}
        diverged = {name: state for name, state in states.items() if state == "diverged"}
        unmeasured = {
            run.point_id: "without a value"
            for run in group.runs.values()
            if run.state == "finished" and not claim.is_measured(run, reading)
        }
        sorted_groups.unfinished.update(unfinished)
        sorted_groups.diverged.update(diverged)
        sorted_groups.unmeasured.update(unmeasured)
        if not unfinished and not diverged and not unmeasured:
            sorted_groups.usable.append(group)
    return sorted_groups


def _need(
    claim: Claim, runs: Sequence[Run], sorted_groups: _SortedGroups, replicated: Cells, reading: Reading, origin: Origin
) -> Need | None:
    """What prevents any verdict; None if nothing does."""
    if sorted_groups.unfinished:
        return origin.unfinished(Counter(sorted_groups.unfinished.values()))
    if sorted_groups.usable:
        return None if replicated else origin.more_seeds("a second seed", runs)
    if sorted_groups.unmeasured:
        return origin.measured(claim, reading)
    return origin.preset(claim, runs, f"points that do not diverge, {len(sorted_groups.diverged)} of them did")


def _by_cell(groups: Sequence[RunGroup]) -> Cells:
    cells: dict[Cell, list[RunGroup]] = {}
    for group in groups:
        cells.setdefault(group.cell, []).append(group)
    return cells


def _runs(groups: Sequence[RunGroup]) -> list[Run]:
    return [run for group in groups for run in group.runs.values()]


def _findings(claim: Claim, cells: Cells, reading: Reading) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The effects, each over the cells where it is defined, and the ids of the points behind them."""
    if not cells:
        return (), ()
    findings = [finding for effect in claim.effects for finding in _of_effect(effect, cells, reading)]
    return tuple(findings), tuple(sorted({run.point_id for groups in cells.values() for run in _runs(groups)}))


def _of_effect(effect: Effect, cells: Cells, reading: Reading) -> list[Finding]:
    if effect.each is None:
        return [_finding(effect, effect.name, cells, reading)]
    levels = sorted({dict(cell)[effect.each] for cell in cells})
    return [
        _finding(
            effect,
            f"{effect.name}, {effect.each} {level}",
            {cell: groups for cell, groups in cells.items() if dict(cell)[effect.each] == level},
            reading,
        )
        for level in levels
    ]


def _finding(effect: Effect, name: str, cells: Cells, reading: Reading) -> Finding:
    numbers = {
        cell: [number for number in effect.of(groups, reading) if math.isfinite(number)]
        for cell, groups in cells.items()
    }
    defined = {cell: cell_numbers for cell, cell_numbers in numbers.items() if cell_numbers}
    estimate = _within(mean_over_cells(list(defined.values()), effect.null), effect.unit) if defined else None
    by_cell = {
        cell: _within(mean_over_cells([cell_numbers], effect.null), effect.unit)
        for cell, cell_numbers in defined.items()
    }
    means = [estimate_of_cell.value for estimate_of_cell in by_cell.values()]
    has_either_sign = (
        min(means, default=0) < effect.null < max(means, default=0) and differ(list(defined.values())) < SIGNIFICANT
    )
    by_config = tuple((_label(cell, list(by_cell)), estimate_of_cell) for cell, estimate_of_cell in by_cell.items())
    return Finding(name, effect.unit, effect.expected, effect.null, estimate, by_config, has_either_sign)


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

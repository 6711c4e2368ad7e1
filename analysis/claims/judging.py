"""From runs to verdicts: every claim by each of its readings, and one correction for all that was asked."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.claims.model import SIGNIFICANT, Answer, Claim, Effect, Finding, Judgement, Need, Reading, Verdict
from analysis.claims.needs import Origin
from analysis.claims.runs import Run, RunGroup, read_runs
from analysis.statistics import Estimate, differ, holm, mean_over_cells

DONE = ("finished", "diverged")
Cell = tuple[tuple[str, Any], ...]
Cells = Mapping[Cell, list[RunGroup]]


def judge(epochs: pd.DataFrame, points: pd.DataFrame, claims: Sequence[Claim], origin: Origin) -> list[Judgement]:
    """What a sweep says of each claim. epochs, points: its tables (design 5).

    Points that are missing, interrupted or failed leave the claims that are about them undecided; diverged ones have no
    more to tell and are left out. Both are named. p values are corrected (Holm) for all effects of all claims by all
    readings together.
    """
    runs = read_runs(epochs, points)
    answers = [[_answer(claim, runs, reading, origin) for reading in claim.readings] for claim in claims]
    flat = [finding for of_claim in answers for answer in of_claim for finding in answer.findings]
    corrected = iter(_corrected(flat))
    return [
        Judgement(claim, tuple(_settled(one, [next(corrected) for _ in one.findings], origin) for one in of_claim))
        for claim, of_claim in zip(claims, answers, strict=True)
    ]


def _settled(answer: Answer, findings: Sequence[Finding], origin: Origin) -> Answer:
    """The answer with its final findings; what is decided needs nothing."""
    final = replace(answer, findings=tuple(findings))
    if final.verdict is not Verdict.UNDECIDED:
        return replace(final, need=None)
    mixed = [one for one in findings if one.verdict is Verdict.UNDECIDED and one.has_either_sign]
    if final.blocked or not mixed:
        return final
    counts = "; ".join(f"{one.effect}: {one.configs_as_claimed} of {len(one.by_config)} as claimed" for one in mixed)
    return replace(final, need=origin.by_config(f"configs to be asked apart, as they differ in sign ({counts})"))


def _corrected(findings: Sequence[Finding]) -> list[Finding]:
    raw = {place: one.estimate.p for place, one in enumerate(findings) if one.estimate}
    known = {place: p for place, p in raw.items() if p is not None}
    corrected = dict(zip(known, holm(list(known.values())), strict=True))
    return [replace(one, p=corrected.get(place)) for place, one in enumerate(findings)]


def _answer(claim: Claim, runs: Sequence[Run], reading: Reading, origin: Origin) -> Answer:
    groups = claim.groups(runs)
    if not groups:
        return Answer(reading, need=origin.preset(claim, runs), blocked=True)
    sorted_out = _sort_out(claim, groups, reading)
    cells = _by_cell(sorted_out.usable)
    replicated = {cell: found for cell, found in cells.items() if len(found) > 1}
    left_out = sorted_out.left_out
    if replicated:
        lonely = {cell: found for cell, found in cells.items() if cell not in replicated}
        left_out |= {run.point_id: "only seed of its kind" for found in lonely.values() for run in _runs(found)}
        cells = replicated
    findings, used = _findings(claim, cells, reading)
    answer = Answer(reading, findings, used, {name: why for name, why in left_out.items() if name not in used})
    need = _need(claim, runs, sorted_out, replicated, reading, origin)
    if need:
        return replace(answer, need=need, blocked=True)
    return replace(answer, need=origin.more_seeds("more seeds to decide", runs))


@dataclass(frozen=True)
class _SortedOut:
    """The groups that can be used, and of the others the points that are to blame, by what is wrong with them."""

    usable: list[RunGroup]
    unfinished: dict[str, str]
    diverged: dict[str, str]
    unmeasured: dict[str, str]

    @property
    def left_out(self) -> dict[str, str]:
        return self.unfinished | self.diverged | self.unmeasured


def _sort_out(claim: Claim, groups: Sequence[RunGroup], reading: Reading) -> _SortedOut:
    found = _SortedOut([], {}, {}, {})
    for group in groups:
        states = {run.point_id: run.state for run in group.runs.values()}
        unfinished = {name: state for name, state in states.items() if state not in DONE}
        diverged = {name: state for name, state in states.items() if state == "diverged"}
        blind = {
            run.point_id: "without a value"
            for run in group.runs.values()
            if run.state == "finished" and not claim.is_measured(run, reading)
        }
        found.unfinished.update(unfinished)
        found.diverged.update(diverged)
        found.unmeasured.update(blind)
        if not unfinished and not diverged and not blind:
            found.usable.append(group)
    return found


def _need(
    claim: Claim, runs: Sequence[Run], found: _SortedOut, replicated: Cells, reading: Reading, origin: Origin
) -> Need | None:
    """What stands in the way of any verdict, if something does."""
    if found.unfinished:
        return origin.unfinished(Counter(found.unfinished.values()))
    if found.usable:
        return None if replicated else origin.more_seeds("a second seed", runs)
    if found.unmeasured:
        return origin.measured(claim, reading)
    return origin.preset(claim, runs, f"points that do not diverge, {len(found.diverged)} of them did")


def _by_cell(groups: Sequence[RunGroup]) -> Cells:
    cells: dict[Cell, list[RunGroup]] = {}
    for group in groups:
        cells.setdefault(group.cell, []).append(group)
    return cells


def _runs(groups: Sequence[RunGroup]) -> list[Run]:
    return [run for group in groups for run in group.runs.values()]


def _findings(claim: Claim, cells: Cells, reading: Reading) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The effects, each over the cells where it is defined, and the points that they rest on."""
    if not cells:
        return (), ()
    found = [finding for effect in claim.effects for finding in _of_effect(effect, cells, reading)]
    return tuple(found), tuple(sorted({run.point_id for groups in cells.values() for run in _runs(groups)}))


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
    defined = {cell: of_cell for cell, of_cell in numbers.items() if of_cell}
    estimate = _within(mean_over_cells(list(defined.values()), effect.null), effect.unit) if defined else None
    alone = {cell: _within(mean_over_cells([of_cell], effect.null), effect.unit) for cell, of_cell in defined.items()}
    means = [one.value for one in alone.values()]
    has_either_sign = (
        min(means, default=0) < effect.null < max(means, default=0) and differ(list(defined.values())) < SIGNIFICANT
    )
    by_config = tuple((_label(cell, list(alone)), one) for cell, one in alone.items())
    return Finding(name, effect.unit, effect.expected, effect.null, estimate, by_config, has_either_sign)


def _label(cell: Cell, cells: Sequence[Cell]) -> str:
    """What tells a config from the others: `width 10, depth 2`; all of it alone."""
    values: dict[str, set[Any]] = {}
    for one in cells:
        for field, value in one:
            values.setdefault(field, set()).add(value)
    return ", ".join(f"{field} {value}" for field, value in cell if len(values[field]) > 1) or "the only config"


def _within(estimate: Estimate, unit: str) -> Estimate:
    """The estimate with an interval of possible values: no correlation lies beyond 1, and few equal ones tell none."""
    if estimate.low is None or estimate.high is None or estimate.p is None:
        return estimate
    if estimate.low == estimate.high and estimate.p >= SIGNIFICANT:
        return replace(estimate, low=None, high=None)
    if unit != "rho":
        return estimate
    return replace(estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))

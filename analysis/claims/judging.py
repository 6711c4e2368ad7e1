"""From runs to verdicts: every claim by each of its readings, whole seeds against each other.

Supported is what all effects of a claim show (intersection-union: nothing is corrected), contradicted what any of them
does (corrected for all effects of the claim by that reading, and for nothing else: what is asked beside it changes no
verdict).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.claims.contrasts import chooses
from analysis.claims.findings import Cell, Cells, findings, points_of
from analysis.claims.judgement import Answer, Judgement, Need
from analysis.claims.model import Claim, Measure, Reading, Verdict
from analysis.claims.needs import Origin
from analysis.claims.readings import PLAIN, Views, readings, views
from analysis.claims.runs import Run, RunGroup, read_runs
from analysis.quantities import DONE_STATES
from analysis.statistics import fewest_seeds

AT_CEILING = "within 5 % of the ceiling: a bound, no level to compare"
UNDEFINED = "without a number in any effect"
BESIDE = "compared with a point that is left out"


def judge(epochs: pd.DataFrame, points: pd.DataFrame, claims: Sequence[Claim], origin: Origin) -> list[Judgement]:
    """The judgement of each claim by a sweep. epochs, points: its tables, as `analysis.tables` has them.

    Claims about points that are missing, interrupted or failed stay undecided; diverged points are left out, and what
    is undefined. All are named.
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
            point: "only seed of its kind" for cell_groups in single.values() for point in points_of(cell_groups)
        }
        cells = replicated
    found, defined = findings(claim, cells, reading)
    behind = [point for cell_groups in cells.values() for point in points_of(cell_groups)]
    used = tuple(sorted(defined if found else behind))
    left_out = {
        point: reason for point, reason in (dict.fromkeys(behind, UNDEFINED) | left_out).items() if point not in used
    }
    answer = Answer(reading, found, used, left_out)
    need = _need(claim, runs, sorted_groups, replicated, reading.measure, origin)
    if need:
        return replace(answer, need=need, blocked=True)
    return replace(answer, need=_seeds(claim, cells, runs, origin))


def _seeds(claim: Claim, cells: Cells, runs: Sequence[Run], origin: Origin) -> Need:
    """The seeds that can decide; of claims of which half of the seeds choose also which of them there are too few."""
    seeds = {group.seed: chooses(group) for groups in cells.values() for group in groups}
    if not claim.half_chooses:
        return origin.seeds_to_decide(len(seeds), runs)
    choosing = sum(seeds.values())
    return origin.halves_to_decide(choosing, len(seeds) - choosing, runs)


@dataclass(frozen=True)
class _SortedGroups:
    """The usable groups, and the points that make the other groups unusable, by reason."""

    usable: list[RunGroup]
    unfinished: dict[str, str]
    diverged: dict[str, str]
    unmeasured: dict[str, str]
    beside: dict[str, str]

    @property
    def left_out(self) -> dict[str, str]:
        return self.beside | self.unfinished | self.diverged | self.unmeasured


def _sort_out(claim: Claim, groups: Sequence[RunGroup], measure: Measure) -> _SortedGroups:
    sorted_groups = _SortedGroups([], {}, {}, {}, {})
    for group in groups:
        states = {one.point_id: one.state for run in group.runs.values() for one in run.difference_of or (run,)}
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
        if unfinished or diverged or unmeasured:
            sorted_groups.beside.update(dict.fromkeys(points_of([group]), BESIDE))
        else:
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
    return whole, dict.fromkeys(points_of(others), "of a seed that lacks some of the networks it is compared with")


def _by_cell(groups: Sequence[RunGroup]) -> Cells:
    cells: dict[Cell, list[RunGroup]] = {}
    for group in groups:
        cells.setdefault(group.cell, []).append(group)
    return cells

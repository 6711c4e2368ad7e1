"""What a look decides: the verdicts at its level, and the networks that need more seeds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.claims import Claim, Judgement, Origin, Reading, Verdict
from analysis.claims.judging import judge_runs
from analysis.claims.readings import PLAIN, views
from analysis.claims.runs import Run
from analysis.sequential.looks import Look

Network = tuple[tuple[str, Any], ...]
"""A config without its seed, flat."""


@dataclass(frozen=True)
class Decision:
    """The claims that were still open, as a look found them: by name the verdict in words, and whether it is open."""

    look: Look
    verdicts: Mapping[str, str]
    still_open: tuple[str, ...]


def decided_at(look: Look, runs: Sequence[Run], claims: Sequence[Claim], origin: Origin) -> Decision:
    """What the seeds of that look say of these claims; of those for which nothing was measured, nothing.

    A claim stays open where more seeds can decide it: not where what it lacks forbids any verdict.
    """
    seen = [run for run in runs if run.config["seed"] < look.seeds]
    plain = views(seen)[PLAIN]
    asked = [claim for claim in claims if _is_measured(claim, plain)]
    found = [_at_level(one, look) for one in judge_runs(seen, asked, origin, only_deciding=True)]
    still_open = tuple(one.claim.name for one in found if _is_open(one))
    return Decision(look, {one.claim.name: one.verdict for one in found}, still_open)


def _is_measured(claim: Claim, runs: Sequence[Run]) -> bool:
    """Whether there are networks that the claim compares, and any of them holds what it compares them by."""
    compared = [run for group in claim.groups(runs) for run in group.runs.values()]
    return any(claim.is_measured(run, measure) for run in compared for measure in claim.measures)


def _is_open(judgement: Judgement) -> bool:
    undecided = [measure for measure, verdict in judgement.verdicts.items() if verdict is Verdict.UNDECIDED]
    return any((answer := judgement.answer(Reading(measure))) and not answer.blocked for measure in undecided)


def open_networks(decision: Decision, runs: Sequence[Run], claims: Sequence[Claim]) -> set[str]:
    """The ids of the runs whose networks open claims compare, with their frozen twins."""
    seen = views(runs)
    asked = [claim for claim in claims if claim.name in decision.still_open]
    return {
        point
        for claim in asked
        for networks in ("trained", "frozen", "trained less frozen")
        if networks == "trained" or claim.is_of_learning
        for group in claim.groups(seen[networks, "as measured"])
        for run in group.runs.values()
        for point in run.point_ids
    }


def _at_level(judgement: Judgement, look: Look) -> Judgement:
    level = look.level_of_half if judgement.claim.half_chooses else look.level
    answers = (
        replace(answer, findings=tuple(replace(one, level=level) for one in answer.findings))
        for answer in judgement.answers
    )
    return replace(judgement, answers=tuple(answers))

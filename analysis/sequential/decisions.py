"""What a look decides: the verdicts at its level, and the networks that need more seeds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.claims import Claim, Judgement, Origin, Verdict
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
    """What the seeds of that look say of these claims; of those about whose networks there are no runs, nothing."""
    seen = [run for run in runs if run.config["seed"] < look.seeds]
    asked = [claim for claim in claims if claim.groups(views(seen)[PLAIN])]
    found = [_at_level(one, look.level) for one in judge_runs(seen, asked, origin, only_deciding=True)]
    still_open = tuple(one.claim.name for one in found if Verdict.UNDECIDED in one.verdicts.values())
    return Decision(look, {one.claim.name: one.verdict for one in found}, still_open)


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


def _at_level(judgement: Judgement, level: float) -> Judgement:
    answers = (
        replace(answer, findings=tuple(replace(one, level=level) for one in answer.findings))
        for answer in judgement.answers
    )
    return replace(judgement, answers=tuple(answers))

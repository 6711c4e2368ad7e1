"""What a look decides: the verdicts at its level, and the networks that need more seeds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.claims import Answer, Claim, Judgement, Origin, Reading, Verdict
from analysis.claims.judging import judge_runs
from analysis.claims.model import Measure
from analysis.claims.readings import PLAIN, views
from analysis.claims.runs import Run
from analysis.quantities import DONE_STATES
from analysis.sequential.looks import Look

Network = tuple[tuple[str, Any], ...]
"""A config without its seed, flat."""


@dataclass(frozen=True)
class Decision:
    """The claims that were still open, as a look found them: by name the verdict in words, and whether it is open.

    lacking: by name of an undecided claim that no seeds can decide, what it needs.
    """

    look: Look
    verdicts: Mapping[str, str]
    still_open: tuple[str, ...]
    lacking: Mapping[str, str] = field(default_factory=dict)


def decided_at(look: Look, runs: Sequence[Run], claims: Sequence[Claim], origin: Origin) -> Decision:
    """What the seeds of that look say of these claims; of those for which nothing was measured, nothing.

    A claim stays open where more seeds can decide it: not where what it lacks forbids any verdict.
    """
    seen = [run for run in runs if run.config["seed"] < look.seeds]
    plain = views(seen)[PLAIN]
    asked = [claim for claim in claims if _is_measured(claim, plain)]
    found = [_at_level(one, look) for one in judge_runs(seen, asked, origin, only_deciding=True)]
    still_open = tuple(one.claim.name for one in found if any(_is_open(one, of) for of in _undecided(one)))
    lacking = {one.claim.name: _lack(one) for one in found if _undecided(one) and one.claim.name not in still_open}
    return Decision(look, {one.claim.name: one.verdict for one in found}, still_open, lacking)


def _is_measured(claim: Claim, runs: Sequence[Run]) -> bool:
    """Whether there are networks that the claim compares, and any of them holds what it compares them by.

    Where none of them is done, that is not known, and the claim lacks them.
    """
    compared = [run for group in claim.groups(runs) for run in group.runs.values()]
    done = [run for run in compared if run.state in DONE_STATES]
    return any(claim.is_measured(run, measure) for run in done for measure in claim.measures) or bool(
        compared and not done
    )


def _undecided(judgement: Judgement) -> list[Measure]:
    return [measure for measure, verdict in judgement.verdicts.items() if verdict is Verdict.UNDECIDED]


def _is_open(judgement: Judgement, measure: Measure) -> bool:
    """Whether seeds can decide it: what is supported but for the control, only where the control can tell."""
    plain, beyond = _answers(judgement, measure)
    if plain is None or plain.blocked:
        return False
    can_tell = beyond is not None and not beyond.blocked and judgement.has_whole_control(measure)
    return plain.verdict is not Verdict.SUPPORTED or can_tell


def _lack(judgement: Judgement) -> str:
    answers = [one for measure in _undecided(judgement) for one in _answers(judgement, measure)]
    lacks = [one.need.lack for one in answers if one and one.blocked and one.need]
    lacks += [judgement.control.lack] if judgement.control and not lacks else []
    return "; ".join(dict.fromkeys(lacks))


def _answers(judgement: Judgement, measure: Measure) -> tuple[Answer | None, Answer | None]:
    """Of the trained networks, and of what these have more than frozen ones."""
    return judgement.answer(Reading(measure)), judgement.answer(Reading(measure, "trained less frozen"))


def compared(runs: Sequence[Run], claims: Sequence[Claim]) -> tuple[list[Claim], set[str]]:
    """The claims that compare any of these runs, and the ids of the runs that they compare in any reading."""
    seen = views(runs)
    asked = [claim for claim in claims if claim.groups(seen[PLAIN])]
    return asked, {
        point
        for claim in asked
        for of in seen.values()
        for group in claim.groups(of)
        for run in group.runs.values()
        for point in run.point_ids
    }


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

"""What is said of a judgement: its headline, the verdicts by every reading, effects as texts, and what it lacks."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, get_args

from analysis.claims.judgement import Answer, AtStart, Finding, Judgement, Need
from analysis.claims.judging import UNDEFINED
from analysis.claims.model import DECIMALS, Networks, Reading, Verdict
from analysis.claims.registered import Starts, rules_unlike
from analysis.registered import RULES

SCALES_OPPOSE = "the scales differ: what holds on one alone may be the scale of the activations, not information"
ONE_SCALE = "the scales differ: decided on one alone, so part of it may be the scale of the activations, or few seeds"
NAMED_POINTS = 3
OUTCOMES = ("diverged", UNDEFINED)
BY_OUTCOME = " (so the others are chosen by their outcome)"


def on_scales(judgement: Judgement) -> str | None:
    """The remark on verdicts that differ by scale; None where they do not."""
    return SCALES_OPPOSE if judgement.scales_oppose else ONE_SCALE if judgement.scales_differ else None


def by_effect(judgement: Judgement) -> dict[str, list[tuple[Answer, Finding]]]:
    """The findings by the measures that decide, each with those of its controls; by the question they answer."""
    found: dict[str, list[tuple[Answer, Finding]]] = defaultdict(list)
    for answer in beside_control(judgement):
        for finding in answer.findings:
            found[question(finding)].append((answer, finding))
    return found


def beside_control(judgement: Judgement) -> list[Answer]:
    """The answers by the measures that decide, each followed by those of frozen networks and of the difference."""
    readings = [Reading(of, networks) for of in judgement.claim.measures for networks in get_args(Networks)]
    return [answer for reading in readings if (answer := judgement.answer(reading))]


def headline(judgement: Judgement) -> str | None:
    """The first effect of a claim of learning by every measure that decides, beside its control; None without one."""
    name, parts = None, []
    for measure in judgement.claim.measures:
        answers = [judgement.answer(Reading(measure, networks)) for networks in get_args(Networks)]
        if None in answers:
            continue
        name = name or next((finding.effect for answer in answers[::-1] if answer for finding in answer.findings), None)
        trained, frozen, beyond = (_value(answer, name) for answer in answers)
        parts.append(f"{measure} {trained}, of networks that never learn {frozen}, beyond them {beyond}")
    return f"{name}: {'; '.join(parts)}" if name else None


def _value(answer: Answer | None, effect: str | None) -> str:
    found = next((shown(one) for one in answer.findings if one.effect == effect), None) if answer else None
    return found.value if found else "undefined"


class Row(NamedTuple):
    """The verdicts of a measure under some statistics, by the networks asked."""

    name: str
    verdicts: Mapping[Networks, Verdict]


def matrix(judgement: Judgement) -> list[Row]:
    """The verdicts by every reading, a row for each measure and statistics; none without other than plain ones."""
    if len(judgement.answers) == len(judgement.deciding):
        return []
    rows: dict[str, dict[Networks, Verdict]] = defaultdict(dict)
    for answer in judgement.answers:
        rows[replace(answer.reading, networks="trained").name][answer.reading.networks] = answer.verdict
    return [Row(name, verdicts) for name, verdicts in rows.items()]


def on_looks(judgement: Judgement) -> str | None:
    """The remark on a sweep that runs until decided: its verdict is that of its looks; None on others."""
    if judgement.of_looks is None:
        return None
    return (
        f"verdict of the looks, which counts: {judgement.of_looks}; the one above takes all seeds as if looked at once"
    )


def on_definition(judgement: Judgement) -> str | None:
    """The remark on a definition that is younger than the data, or another than the sweep recorded; None on others."""
    version, older = judgement.claim.version, judgement.older
    said = []
    if judgement.is_younger and older is None:
        said.append(f"definition {version} is younger than these runs, and the first of this claim")
    elif judgement.is_younger and older:
        verdict = older.verdict or "not judged, as it is not kept"
        said.append(
            f"definition {version} is younger than these runs; by definition {older.version}, of {older.since}: "
            f"{verdict}"
        )
    known = {older.version if older else None} if judgement.is_younger else set()
    said += [_at_start(one, "definition", version) for one in judgement.unlike or () if one.version not in known]
    return "; ".join(said) or None


def on_rules(starts: Starts) -> str | None:
    """The remark on rules of inference that are others than the sweep recorded when it was started; None on others."""
    return "; ".join(_at_start(one, "rules", RULES[-1].number) for one in rules_unlike(starts) or ()) or None


def _at_start(recorded: AtStart, kind: str, version: int) -> str:
    """`judged by definition 4, where the sweep, started 2026-12-01 07:14, recorded definition 3`."""
    had = f"{kind} {recorded.version}"
    if recorded.version is None:
        had = "none"
    elif recorded.version == version:
        had = f"another text or code of it, checksum {recorded.checksum}"
    started = recorded.started[:16].replace("T", " ")
    return f"judged by {kind} {version}, where the sweep, started {started}, recorded {had}"


def share_of_configs(finding: Finding) -> str:
    """`in 12 of 15 configs`: those with the predicted sign; and `3 of 90 numbers undefined` where any is."""
    configs = len(finding.by_config)
    differ = ", which differ in sign" if finding.has_either_sign else ""
    share = f"in {finding.configs_as_claimed} of {configs} config{'s' * (configs > 1)}{differ}" if configs else ""
    undefined = f"{finding.undefined} of {finding.comparisons} numbers undefined" if finding.undefined else ""
    return ", ".join(filter(None, [share, undefined]))


class Shown(NamedTuple):
    """The texts of an effect in a table."""

    value: str
    interval: str
    n: str
    p: str


def shown(finding: Finding) -> Shown | None:
    """`+0.412 bits`, `[+0.301, +0.530]`, `12x15`, `p 0.004`; None where the effect is undefined.

    12x15: seeds and configs. p: that of the side on which the value lies.
    """
    estimate = finding.estimate
    if estimate is None:
        return None
    decimals = DECIMALS[finding.unit]
    has_interval = estimate.low is not None and estimate.high is not None
    interval = f"[{estimate.low:+.{decimals}f}, {estimate.high:+.{decimals}f}]" if has_interval else "no interval"
    return Shown(
        f"{estimate.value:+.{decimals}f} {finding.unit}",
        interval,
        f"{estimate.n}x{len(finding.by_config)}",
        _p(_p_of_side(finding)),
    )


def _p_of_side(finding: Finding) -> float | None:
    """Uncorrected where it speaks for the claim, which needs all effects; corrected where it speaks against it."""
    if finding.estimate is None:
        return None
    return finding.estimate.p if (finding.estimate.value > finding.null) == (finding.expected == "above") else finding.p


def reading_label(answer: Answer) -> str:
    """The quantity by which the claim is judged, as text; of a control what it is of."""
    if answer.reading.measure == "error":
        return "test error"
    return {"frozen": "  frozen", "trained less frozen": "  beyond"}.get(answer.reading.networks, answer.reading.name)


def question(finding: Finding) -> str:
    """The effect and the side that the claim predicts, as a question."""
    return f"{finding.effect}: {expected(finding)}?"


def expected(finding: Finding) -> str:
    """The side of no effect on which the claim puts it: `above 0`."""
    return f"{finding.expected} {finding.null:g}"


class Lacking(NamedTuple):
    """What is left out and needed, and the readings that it applies to; none if it applies to all."""

    readings: tuple[str, ...]
    left_out: tuple[str, ...]
    need: Need | None


def lacking(judgement: Judgement) -> list[Lacking]:
    """What each reading lacks; readings with the same lack are merged."""
    by_lack: dict[tuple[tuple[str, ...], Need | None], list[str]] = defaultdict(list)
    for answer in (one for one in beside_control(judgement) if one.reading.networks != "frozen"):
        by_lack[tuple(left_out(answer)), answer.need].append(answer.reading.name)
    return [Lacking(tuple(readings) if len(by_lack) > 1 else (), *lack) for lack, readings in by_lack.items()]


def left_out(answer: Answer) -> list[str]:
    """The points that a claim is about but that were not used, by reason: `3 diverged: ID, ID, ID`.

    Where they are chosen by what came of them, as it is with those that diverged, that is said.
    """
    by_reason: dict[str, list[str]] = defaultdict(list)
    for point_id, reason in answer.left_out.items():
        by_reason[reason].append(point_id)
    return [
        f"{len(ids)} {reason}{BY_OUTCOME * (reason in OUTCOMES)}: "
        f"{', '.join(sorted(ids)[:NAMED_POINTS])}{', ...' * (len(ids) > NAMED_POINTS)}"
        for reason, ids in sorted(by_reason.items())
    ]


def _p(p: float | None) -> str:
    if p is None:
        return "no p"
    return "p <0.001" if p < 0.001 else f"p {p:.3f}"

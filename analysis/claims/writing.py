"""Judgements as text for people, as plain values for JSON, and as rows for a table."""

import json
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import pandas as pd

from analysis.claims.model import DECIMALS, Answer, Finding, Judgement, Need

NAMED_POINTS = 3
INDENT = "    "
SCALES_OPPOSE = "the scales differ: what holds on one alone may be the scale of the activations, not information"
ONE_SCALE = "the scales differ: decided on one alone, so part of it may be the scale of the activations, or few seeds"


def document(sweep: str, states: Mapping[str, int], judgements: Sequence[Judgement]) -> dict[str, Any]:
    """What `--json` prints and claims.json holds; states: number of points by state."""
    return {"sweep": sweep, "points": dict(sorted(states.items())), "claims": plain(judgements)}


def plain(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """All judgements, as values that JSON can hold."""
    return [
        {
            "number": judgement.claim.number,
            "name": judgement.claim.name,
            "statement": judgement.claim.statement,
            "paper": judgement.claim.paper,
            "section": judgement.claim.section,
            "definition": " ".join(judgement.claim.definition.split()),
            "verdict": judgement.verdict,
            "scales_differ": judgement.scales_differ,
            "answers": [_plain_answer(answer) for answer in judgement.answers],
        }
        for judgement in judgements
    ]


def _plain_answer(answer: Answer) -> dict[str, Any]:
    return {
        "reading": answer.reading,
        "verdict": str(answer.verdict),
        "effects": [_plain_finding(finding) for finding in answer.findings],
        "points": list(answer.used),
        "left_out": dict(answer.left_out),
        "needs": answer.need.lack if answer.need else None,
        "command": answer.need.command if answer.need else None,
    }


def _plain_finding(finding: Finding) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "effect": finding.effect,
        "unit": finding.unit,
        "expected": _expected(finding),
        "value": estimate.value if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "n": estimate.n if estimate else 0,
        "configs": len(finding.by_config),
        "configs_as_claimed": finding.configs_as_claimed,
        "has_either_sign": finding.has_either_sign,
        "by_config": {name: asdict(config_estimate) for name, config_estimate in finding.by_config},
        "p": finding.p,
        "p_uncorrected": estimate.p if estimate else None,
        "p_no_effect": finding.p_no_effect,
        "smallest_of_interest": finding.smallest,
        "verdict": str(finding.verdict),
    }


def files(whole: Mapping[str, Any], judgements: Sequence[Judgement]) -> dict[str, bytes]:
    """By name: what `document` gave as JSON, and `rows` as CSV."""
    return {
        "claims.json": (json.dumps(whole, indent=1) + "\n").encode(),
        "claims.csv": rows(judgements).to_csv(index=False, lineterminator="\n").encode(),
    }


def rows(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """One row per claim, reading and effect; one without an effect where nothing could be compared."""
    records = [
        {"number": claim["number"], "claim": claim["statement"], "reading": answer["reading"]}
        | {name: value for name, value in effect.items() if name != "by_config"}
        | {"verdict": answer["verdict"], "effect_verdict": effect.get("verdict")}
        | {"points": len(answer["points"]), "needs": answer["needs"], "command": answer["command"]}
        for claim in plain(judgements)
        for answer in claim["answers"]
        for effect in answer["effects"] or [{}]
    ]
    return pd.DataFrame(records).astype(
        dict.fromkeys({"n", "configs", "configs_as_claimed"} & set().union(*records), "Int64")
    )


def text(judgements: Sequence[Judgement], width: int) -> str:
    """A block for each claim: statement, verdict, every effect by every reading, and what is lacking."""
    return "\n\n".join("\n".join(_block(judgement, width)) for judgement in judgements)


def _block(judgement: Judgement, width: int) -> list[str]:
    head = f"{judgement.claim.number:>2}  {judgement.claim.statement}"
    lines = textwrap.wrap(head, width, subsequent_indent=INDENT)
    lines += [f"{INDENT}{judgement.claim.paper}, {judgement.claim.section}", f"{INDENT}{judgement.verdict.upper()}"]
    if remark := on_scales(judgement):
        lines += textwrap.wrap(remark, width, initial_indent=INDENT, subsequent_indent=INDENT)
    by_effect: dict[str, list[tuple[Answer, Finding]]] = defaultdict(list)
    for answer in judgement.answers:
        for finding in answer.findings:
            by_effect[question(finding)].append((answer, finding))
    for effect, answered in by_effect.items():
        heading = f"{effect} {_shares(answered)}".strip()
        lines += textwrap.wrap(heading, width, initial_indent=INDENT, subsequent_indent=2 * INDENT)
        lines += [_line(answer, finding) for answer, finding in answered]
    return lines + _remarks(judgement, width)


def on_scales(judgement: Judgement) -> str | None:
    """The remark on verdicts that differ by scale; None where they do not."""
    return SCALES_OPPOSE if judgement.scales_oppose else ONE_SCALE if judgement.scales_differ else None


def share_of_configs(finding: Finding) -> str:
    """`in 12 of 15 configs`: those with the predicted sign; empty where the effect is undefined."""
    configs = len(finding.by_config)
    differ = ", which differ in sign" if finding.has_either_sign else ""
    return f"in {finding.configs_as_claimed} of {configs} config{'s' * (configs > 1)}{differ}" if configs else ""


def _shares(answered: Sequence[tuple[Answer, Finding]]) -> str:
    """`share_of_configs`, by reading where they differ: `in 12 of 15 configs (NPEET), in 8 of 15 (balanced)`."""
    by_reading = [(reading_label(answer), share_of_configs(finding)) for answer, finding in answered]
    if len({share for _, share in by_reading}) == 1:
        return by_reading[0][1]
    return ", ".join(f"{share} ({name})" for name, share in by_reading if share)


def _line(answer: Answer, finding: Finding) -> str:
    """One effect by one reading, within 80 columns."""
    name, values = reading_label(answer), shown(finding)
    if values is None:
        return f"{INDENT}  {name:<11}undefined"
    return f"{INDENT}  {name:<11}{values.value:<15}{values.interval:<19}n {values.n:<6}{values.p:<9}{finding.verdict}"


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
    """The quantity by which the claim is judged, as text."""
    return "test error" if answer.reading == "error" else answer.reading


def question(finding: Finding) -> str:
    """The effect and the side that the claim predicts, as a question."""
    return f"{finding.effect}: {_expected(finding)}?"


class Lacking(NamedTuple):
    """What is left out and needed, and the readings that it applies to; none if it applies to all."""

    readings: tuple[str, ...]
    left_out: tuple[str, ...]
    need: Need | None


def lacking(judgement: Judgement) -> list[Lacking]:
    """What each reading lacks; readings with the same lack are merged."""
    by_lack: dict[tuple[tuple[str, ...], Need | None], list[str]] = defaultdict(list)
    for answer in judgement.answers:
        by_lack[tuple(_left_out(answer)), answer.need].append(reading_label(answer))
    return [Lacking(tuple(readings) if len(by_lack) > 1 else (), *lack) for lack, readings in by_lack.items()]


def _remarks(judgement: Judgement, width: int) -> list[str]:
    lines = []
    for readings, left_out, need in lacking(judgement):
        suffix = f" ({', '.join(readings)})" if readings else ""
        for points in left_out:
            lines += _wrapped(f"left out: {points}{suffix}", width)
        if need:
            lines += [*_wrapped(f"undecided: needs {need.lack}{suffix}", width), f"{INDENT}next: {need.command}"]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False)


def _left_out(answer: Answer) -> list[str]:
    """The points that a claim is about but that were not used, by reason: `3 diverged: ID, ID, ID`."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for point_id, reason in answer.left_out.items():
        by_reason[reason].append(point_id)
    return [
        f"{len(ids)} {reason}: {', '.join(sorted(ids)[:NAMED_POINTS])}{', ...' * (len(ids) > NAMED_POINTS)}"
        for reason, ids in sorted(by_reason.items())
    ]


def _expected(finding: Finding) -> str:
    return f"{finding.expected} {finding.null:g}"


def _p(p: float | None) -> str:
    if p is None:
        return "no p"
    return "p <0.001" if p < 0.001 else f"p {p:.3f}"

"""Judgements as text for people, as plain values for JSON, and as rows for a table."""

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import pandas as pd

from analysis.claims.model import Answer, Finding, Judgement, Need

NAMED_POINTS = 3
INDENT = "    "
DECIMALS = {"bits": 3, "epochs": 1, "error": 4, "rho": 3}
SCALES_OPPOSE = "the scales differ: what holds on one alone may be the scale of the activations, not information"
ONE_SCALE = "the scales differ: decided on one alone, so part of it may be the scale of the activations, or few seeds"


def document(sweep: str, states: Mapping[str, int], judgements: Sequence[Judgement]) -> dict[str, Any]:
    """What `--json` prints and claims.json holds; states: number of points by state."""
    return {"sweep": sweep, "points": dict(sorted(states.items())), "claims": plain(judgements)}


def plain(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """Everything that was found, as values that JSON can hold."""
    return [
        {
            "number": one.claim.number,
            "name": one.claim.name,
            "statement": one.claim.statement,
            "paper": one.claim.paper,
            "section": one.claim.section,
            "definition": " ".join(one.claim.definition.split()),
            "verdict": one.verdict,
            "scales_differ": one.scales_differ,
            "answers": [_plain_answer(answer) for answer in one.answers],
        }
        for one in judgements
    ]


def _plain_answer(answer: Answer) -> dict[str, Any]:
    return {
        "reading": answer.reading,
        "verdict": str(answer.verdict),
        "effects": [_plain_finding(finding) for finding in answer.findings],
        "points": list(answer.used),
        "left_out": dict(answer.left_out),
        "needs": answer.need.what if answer.need else None,
        "command": answer.need.command if answer.need else None,
    }


def _plain_finding(finding: Finding) -> dict[str, Any]:
    found = finding.estimate
    return {
        "effect": finding.effect,
        "unit": finding.unit,
        "expected": _expected(finding),
        "value": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "n": found.n if found else 0,
        "configs": len(finding.by_config),
        "configs_as_claimed": finding.configs_as_claimed,
        "has_either_sign": finding.has_either_sign,
        "by_config": {name: asdict(one) for name, one in finding.by_config},
        "p": finding.p,
        "p_uncorrected": found.p if found else None,
        "verdict": str(finding.verdict),
    }


def rows(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """One row per claim, reading and effect; one without an effect where nothing could be compared."""
    found = [
        {"number": claim["number"], "claim": claim["statement"], "reading": answer["reading"]}
        | {name: value for name, value in effect.items() if name != "by_config"}
        | {"verdict": answer["verdict"], "effect_verdict": effect.get("verdict")}
        | {"points": len(answer["points"]), "needs": answer["needs"], "command": answer["command"]}
        for claim in plain(judgements)
        for answer in claim["answers"]
        for effect in answer["effects"] or [{}]
    ]
    return pd.DataFrame(found).astype(
        dict.fromkeys({"n", "configs", "configs_as_claimed"} & set().union(*found), "Int64")
    )


def text(judgements: Sequence[Judgement], width: int) -> str:
    """A block for each claim: verdict and statement, every effect by every reading, and what is lacking."""
    return "\n\n".join("\n".join(_block(one, width)) for one in judgements)


def _block(one: Judgement, width: int) -> list[str]:
    head = f"{one.claim.number:>2}  {one.claim.statement}"
    lines = textwrap.wrap(head, width, subsequent_indent=INDENT)
    lines += [f"{INDENT}{one.claim.paper}, {one.claim.section}", f"{INDENT}{one.verdict.upper()}"]
    if remark := on_scales(one):
        lines += textwrap.wrap(remark, width, initial_indent=INDENT, subsequent_indent=INDENT)
    by_effect: dict[str, list[tuple[Answer, Finding]]] = defaultdict(list)
    for answer in one.answers:
        for finding in answer.findings:
            by_effect[question(finding)].append((answer, finding))
    for effect, found in by_effect.items():
        said = f"{effect} {_shares(found)}".strip()
        lines += textwrap.wrap(said, width, initial_indent=INDENT, subsequent_indent=2 * INDENT)
        lines += [_line(answer, finding) for answer, finding in found]
    return lines + _remarks(one, width)


def on_scales(one: Judgement) -> str | None:
    """What to make of verdicts that differ by scale; None where they do not."""
    return SCALES_OPPOSE if one.scales_oppose else ONE_SCALE if one.scales_differ else None


def share_of_configs(finding: Finding) -> str:
    """`in 12 of 15 configs`: where it lies as claimed; empty where nothing could be told."""
    configs = len(finding.by_config)
    differ = ", which differ in sign" if finding.has_either_sign else ""
    return f"in {finding.configs_as_claimed} of {configs} config{'s' * (configs > 1)}{differ}" if configs else ""


def _shares(found: Sequence[tuple[Answer, Finding]]) -> str:
    """In how many configs, by each reading where these differ: `in 12 of 15 configs (NPEET), in 8 of 15 (balanced)`."""
    by_reading = [(reading_label(answer), share_of_configs(finding)) for answer, finding in found]
    if len({share for _, share in by_reading}) == 1:
        return by_reading[0][1]
    return ", ".join(f"{share} ({name})" for name, share in by_reading if share)


def _line(answer: Answer, finding: Finding) -> str:
    """One effect by one reading, within 80 columns."""
    name, said = reading_label(answer), shown(finding)
    if said is None:
        return f"{INDENT}  {name:<11}undefined"
    return f"{INDENT}  {name:<11}{said.value:<15}{said.interval:<20}n {said.n:<5}{said.p:<9}{finding.verdict}"


class Shown(NamedTuple):
    """An effect in words, as people read it."""

    value: str
    interval: str
    n: str
    p: str


def shown(finding: Finding) -> Shown | None:
    """`+0.412 bits`, `[+0.301, +0.530]`, `12`, `p 0.004`; None where the effect is undefined."""
    found = finding.estimate
    if found is None:
        return None
    decimals = DECIMALS[finding.unit]
    has_interval = found.low is not None and found.high is not None
    interval = f"[{found.low:+.{decimals}f}, {found.high:+.{decimals}f}]" if has_interval else "no interval"
    return Shown(f"{found.value:+.{decimals}f} {finding.unit}", interval, str(found.n), _p(finding.p))


def reading_label(answer: Answer) -> str:
    """By what the claim is read."""
    return "test error" if answer.reading == "error" else answer.reading


def question(finding: Finding) -> str:
    """The effect and the side on which the claim puts it."""
    return f"{finding.effect}: {_expected(finding)}?"


class Lacking(NamedTuple):
    """What is left out and needed, by the readings that agree on it; `readings` is empty where all do."""

    readings: tuple[str, ...]
    left_out: tuple[str, ...]
    need: Need | None


def lacking(one: Judgement) -> list[Lacking]:
    """What each reading lacks, said once where several agree."""
    said: dict[tuple[tuple[str, ...], Need | None], list[str]] = defaultdict(list)
    for answer in one.answers:
        said[tuple(_left_out(answer)), answer.need].append(reading_label(answer))
    return [Lacking(tuple(by) if len(said) > 1 else (), *shared) for shared, by in said.items()]


def _remarks(one: Judgement, width: int) -> list[str]:
    lines = []
    for readings, left_out, need in lacking(one):
        by = f" ({', '.join(readings)})" if readings else ""
        for words in left_out:
            lines += _wrapped(f"left out: {words}{by}", width)
        if need:
            lines += [*_wrapped(f"undecided: needs {need.what}{by}", width), f"{INDENT}next: {need.command}"]
    return lines


def _wrapped(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, width, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False)


def _left_out(answer: Answer) -> list[str]:
    """The points that a claim is about and that are not used: `3 diverged: ID, ID, ID`, for every reason."""
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

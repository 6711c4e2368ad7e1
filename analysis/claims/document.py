"""Judgements as plain values for JSON, and as rows for a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from analysis.claims.judgement import Answer, AtStart, Finding, Judgement, Need
from analysis.claims.registered import Starts, rules_unlike, version_of
from analysis.claims.wording import expected, headline
from analysis.registered import RULES


def document(
    sweep: str,
    states: Mapping[str, int],
    judgements: Sequence[Judgement],
    starts: Starts = (),
    decisions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `--json` prints and claims.json holds; states: number of points by state.

    starts: the definitions that held when the sweep was started, decisions: those of its looks, as its store has them.
    """
    rules = RULES[-1]
    return {
        "sweep": sweep,
        "points": dict(sorted(states.items())),
        "rules": {"version": rules.number, "since": rules.since, "changed": rules.changed}
        | {"otherwise_at_start": _plain_starts(rules_unlike(starts))},
        "definitions_at_start": list(starts),
        "decisions": decisions,
        "claims": plain(judgements),
    }


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
            "version": judgement.claim.version,
            "since": (version := version_of(judgement.claim)).since,
            "checksum": version.checksum,
            "younger_than_data": judgement.is_younger,
            "earlier": asdict(judgement.older) if judgement.older else None,
            "otherwise_at_start": _plain_starts(judgement.unlike),
            "verdict": judgement.verdict,
            "verdict_of_looks": judgement.of_looks,
            "headline": headline(judgement),
            "control": _plain_need(judgement.control),
            "scales_differ": judgement.scales_differ,
            "answers": [_plain_answer(answer) for answer in judgement.answers],
        }
        for judgement in judgements
    ]


def _plain_starts(unlike: Sequence[AtStart] | None) -> list[dict[str, Any]] | None:
    return None if unlike is None else [asdict(one) for one in unlike]


def _plain_answer(answer: Answer) -> dict[str, Any]:
    return {
        "reading": answer.reading.name,
        **asdict(answer.reading),
        "verdict": str(answer.verdict),
        "effects": [_plain_finding(finding) for finding in answer.findings],
        "points": list(answer.used),
        "left_out": dict(answer.left_out),
        **_plain_need(answer.need),
    }


def _plain_need(need: Need | None) -> dict[str, str | None]:
    return {"needs": need.lack if need else None, "command": need.command if need else None}


def _plain_finding(finding: Finding) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "effect": finding.effect,
        "unit": finding.unit,
        "expected": expected(finding),
        "value": estimate.value if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "n": estimate.n if estimate else 0,
        "configs": len(finding.by_config),
        "configs_as_claimed": finding.configs_as_claimed,
        "has_either_sign": finding.has_either_sign,
        "comparisons": finding.comparisons,
        "undefined": finding.undefined,
        "undefined_points": list(finding.undefined_points),
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
        | {name: answer[name] for name in ("measure", "networks", "variant")}
        | {name: value for name, value in effect.items() if name not in ("by_config", "undefined_points")}
        | {"verdict": answer["verdict"], "effect_verdict": effect.get("verdict")}
        | {"points": len(answer["points"]), "needs": answer["needs"], "command": answer["command"]}
        for claim in plain(judgements)
        for answer in claim["answers"]
        for effect in answer["effects"] or [{}]
    ]
    return pd.DataFrame(records).astype(
        dict.fromkeys(
            {"n", "configs", "configs_as_claimed", "comparisons", "undefined"} & set().union(*records), "Int64"
        )
    )

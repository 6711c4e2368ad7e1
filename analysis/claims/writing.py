"""Judgements as text for people at a terminal."""

import textwrap
from collections.abc import Sequence
from typing import get_args

from analysis.claims.judgement import Answer, Finding, Judgement
from analysis.claims.model import Networks
from analysis.claims.wording import (
    by_effect,
    headline,
    lacking,
    matrix,
    on_definition,
    on_looks,
    on_scales,
    reading_label,
    share_of_configs,
    shown,
)

INDENT = "    "


def text(judgements: Sequence[Judgement], width: int) -> str:
    """A block for each claim: statement, verdict, every effect by every reading, and what is lacking."""
    blocks = ["\n".join(_block(judgement, width)) for judgement in judgements]
    return "\n\n".join([*blocks, *_control(judgements, width)])


def _control(judgements: Sequence[Judgement], width: int) -> list[str]:
    """What claims of learning lack, once for all of them."""
    controls = dict.fromkeys(judgement.control for judgement in judgements)
    numbers = [str(judgement.claim.number) for judgement in judgements if judgement.control]
    return [
        textwrap.fill(f"Claims {', '.join(numbers)} lack {control.lack}.", width) + f"\nnext: {control.command}"
        for control in controls
        if control
    ]


def _block(judgement: Judgement, width: int) -> list[str]:
    head = f"{judgement.claim.number:>2}  {judgement.claim.statement}"
    lines = textwrap.wrap(head, width, subsequent_indent=INDENT)
    lines += [f"{INDENT}{judgement.claim.paper}, {judgement.claim.section}", f"{INDENT}{judgement.verdict.upper()}"]
    for remark in (on_looks(judgement), headline(judgement), on_scales(judgement), on_definition(judgement)):
        lines += textwrap.wrap(remark or "", width, initial_indent=INDENT, subsequent_indent=INDENT)
    for effect, answered in by_effect(judgement).items():
        of_claim = [(answer, finding) for answer, finding in answered if answer in judgement.deciding]
        heading = f"{effect} {_shares(of_claim)}".strip()
        lines += textwrap.wrap(heading, width, initial_indent=INDENT, subsequent_indent=2 * INDENT)
        lines += [_line(answer, finding) for answer, finding in answered]
    return lines + _matrix(judgement) + _remarks(judgement, width)


def _matrix(judgement: Judgement) -> list[str]:
    rows = matrix(judgement)
    columns = [of for of in get_args(Networks) if any(of in row.verdicts for row in rows)]
    table = [("verdicts, of networks", *columns)] if rows else []
    table += [(row.name, *(str(row.verdicts.get(of, "-")) for of in columns)) for row in rows]
    return [INDENT + f"{name:<24}" + "".join(f"{cell:<14}" for cell in cells).rstrip() for name, *cells in table]


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


def _remarks(judgement: Judgement, width: int) -> list[str]:
    lines = []
    for readings, left_out, need in lacking(judgement):
        suffix = f" ({'; '.join(readings)})" if readings else ""
        for points in left_out:
            lines += _wrapped(f"left out: {points}{suffix}", width)
        if need:
            lines += [*_wrapped(f"undecided: needs {need.lack}{suffix}", width), f"{INDENT}next: {need.command}"]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False)

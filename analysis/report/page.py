"""The report as one HTML page that needs no network: styles, pictures and tables are inside it, and no script."""

import base64
import gzip
from dataclasses import dataclass
from typing import get_args

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.claims import Finding, Judgement, Verdict, on_rules
from analysis.claims.model import Networks
from analysis.claims.registered import version_of
from analysis.claims.wording import (
    Shown,
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
from analysis.report.contents import Contents
from analysis.report.estimator_check import TRUTHS_BITS

PLAIN_CSV_BYTES = 2**20
"""A larger table is compressed, as .csv.gz, which pandas reads as well."""

MARKS = {
    Verdict.SUPPORTED: "✓",
    Verdict.CONTRADICTED: "✗",
    Verdict.NO_EFFECT: "0",
    Verdict.AS_CONTROL: "=",
    Verdict.UNDECIDED: "?",
}
BAR_WIDTH, BAR_MARGIN = 130.0, 6.0


@dataclass(frozen=True)
class Bar:
    """An interval drawn to scale around the value that would mean no effect; positions in pixels from the left."""

    null: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EffectRow:
    """A row of a claim's table: the effect, the reading, and the finding as text and as a picture."""

    question: str
    reading: str
    values: Shown | None
    share: str
    bar: Bar | None
    verdict: Verdict


def page(contents: Contents) -> str:
    """The page; the same contents give the same text."""
    environment = Environment(
        loader=PackageLoader("analysis.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    environment.filters["one_line"] = lambda text: " ".join(text.split())
    template = environment.get_template("page.html.j2")
    return (
        template.render(
            report=contents,
            marks=MARKS,
            lacking=lacking,
            reading_label=reading_label,
            on_scales=on_scales,
            on_definition=on_definition,
            on_looks=on_looks,
            on_rules=on_rules,
            version_of=version_of,
            headline=headline,
            matrix=matrix,
            networks=networks_asked,
            share_of_configs=share_of_configs,
            effects=effects,
            used=used,
            bar_width=BAR_WIDTH,
            tally=tally(contents),
            truths=TRUTHS_BITS,
            link=csv_link,
        )
        + "\n"
    )


def tally(contents: Contents) -> dict[str, int]:
    """Number of claims by verdict; claims whose scales differ count separately."""
    counts = {"supported": 0, "contradicted": 0, "decided on one scale only": 0, "opposed by scale": 0}
    counts |= {"no effect": 0, "explained by control": 0, "undecided": 0}
    for judgement in contents.judgements:
        on_scales_verdict = "opposed by scale" if judgement.scales_oppose else "decided on one scale only"
        counts[on_scales_verdict if judgement.scales_differ else judgement.verdict] += 1
    return {verdict: count for verdict, count in counts.items() if count}


def networks_asked(judgement: Judgement) -> list[Networks]:
    """The networks that its matrix has a column for."""
    return [of for of in get_args(Networks) if any(of in row.verdicts for row in matrix(judgement))]


def used(judgement: Judgement) -> list[str]:
    """The points behind its answers, sorted."""
    return sorted({point for answer in judgement.answers for point in answer.used})


def effects(judgement: Judgement) -> list[EffectRow]:
    """Every effect by the measures that decide, beside its control; the bars of one effect have one scale."""
    of_questions = {
        asked: [(reading_label(answer).strip(), finding) for answer, finding in answered]
        for asked, answered in by_effect(judgement).items()
    }
    return [
        EffectRow(
            asked.removesuffix("?"),
            reading,
            shown(finding),
            share_of_configs(finding),
            _bar(finding, _reach(alike)),
            finding.verdict,
        )
        for asked, alike in of_questions.items()
        for reading, finding in alike
    ]


def _reach(alike: list[tuple[str, Finding]]) -> float:
    """The largest distance from no effect among their values and intervals."""
    measured = [(finding.null, finding.estimate) for _, finding in alike if finding.estimate]
    ends = [
        end - null
        for null, estimate in measured
        for end in (estimate.value, estimate.low, estimate.high)
        if end is not None
    ]
    return max(map(abs, ends), default=0.0) or 1.0


def _bar(finding: Finding, reach: float) -> Bar | None:
    estimate, null = finding.estimate, BAR_WIDTH / 2
    if estimate is None:
        return None
    value, low, high = (
        null if end is None else round(null + (null - BAR_MARGIN) * (end - finding.null) / reach, 1)
        for end in (estimate.value, estimate.low, estimate.high)
    )
    return Bar(
        null, value, *((low, high) if estimate.low is not None and estimate.high is not None else (value, value))
    )


def csv_link(name: str, csv: bytes) -> dict[str, str]:
    """The file name and the address, data and all, of a figure's table."""
    if len(csv) <= PLAIN_CSV_BYTES:
        return {"file": f"{name}.csv", "href": f"data:text/csv;base64,{base64.b64encode(csv).decode()}"}
    packed = base64.b64encode(gzip.compress(csv, mtime=0)).decode()
    return {"file": f"{name}.csv.gz", "href": f"data:application/gzip;base64,{packed}"}

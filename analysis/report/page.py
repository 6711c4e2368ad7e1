"""The report as one HTML page that needs no network: styles, pictures and tables are inside it, and no script."""

import base64
import gzip
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.claims import Finding, Judgement, Verdict
from analysis.claims.writing import Shown, lacking, on_scales, question, reading_label, share_of_configs, shown
from analysis.report.contents import Contents
from analysis.report.estimator_check import TRUTHS_BITS

PLAIN_CSV_BYTES = 2**20
"""A larger table is kept compressed, as .csv.gz, which pandas reads alike."""

MARKS = {Verdict.SUPPORTED: "✓", Verdict.CONTRADICTED: "✗", Verdict.UNDECIDED: "?"}
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
    """A line of a claim's table: what is asked, by which reading, and the answer in words and as a picture."""

    asked: str
    reading: str
    said: Shown | None
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
    """How many claims have each verdict; one whose scales disagree counts as that."""
    counts = {"supported": 0, "contradicted": 0, "decided on one scale only": 0, "opposed by scale": 0, "undecided": 0}
    for one in contents.judgements:
        apart = "opposed by scale" if one.scales_oppose else "decided on one scale only"
        counts[apart if one.scales_differ else one.verdict] += 1
    return {verdict: count for verdict, count in counts.items() if count}


def used(judgement: Judgement) -> list[str]:
    """The points behind any of its answers."""
    return sorted({point for answer in judgement.answers for point in answer.used})


def effects(judgement: Judgement) -> list[EffectRow]:
    """Every effect by every reading, those of one effect together and to one scale."""
    by_question: dict[str, list[tuple[str, Finding]]] = {}
    for answer in judgement.answers:
        for finding in answer.findings:
            by_question.setdefault(question(finding), []).append((reading_label(answer), finding))
    return [
        EffectRow(
            asked.removesuffix("?"), reading, shown(one), share_of_configs(one), _bar(one, _reach(alike)), one.verdict
        )
        for asked, alike in by_question.items()
        for reading, one in alike
    ]


def _reach(alike: list[tuple[str, Finding]]) -> float:
    """The farthest from no effect that any of them comes."""
    known = [(one.null, one.estimate) for _, one in alike if one.estimate]
    ends = [end - null for null, found in known for end in (found.value, found.low, found.high) if end is not None]
    return max(map(abs, ends), default=0.0) or 1.0


def _bar(finding: Finding, reach: float) -> Bar | None:
    found, null = finding.estimate, BAR_WIDTH / 2
    if found is None:
        return None
    value, low, high = (
        null if end is None else round(null + (null - BAR_MARGIN) * (end - finding.null) / reach, 1)
        for end in (found.value, found.low, found.high)
    )
    return Bar(null, value, *((low, high) if found.low is not None and found.high is not None else (value, value)))


def csv_link(name: str, csv: bytes) -> dict[str, str]:
    """The file name and the address, data and all, of a figure's table."""
    if len(csv) <= PLAIN_CSV_BYTES:
        return {"file": f"{name}.csv", "href": f"data:text/csv;base64,{base64.b64encode(csv).decode()}"}
    packed = base64.b64encode(gzip.compress(csv, mtime=0)).decode()
    return {"file": f"{name}.csv.gz", "href": f"data:application/gzip;base64,{packed}"}

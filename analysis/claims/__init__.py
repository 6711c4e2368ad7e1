"""The papers' claims, and their judgement by a sweep. To add one: a file with a CLAIM, a line here.

Imported by `report` and `commands`. Not here: tables (`tables`), figures (`figures`), statistics of any data.
"""

from analysis.claims import (
    depth_hinders,
    depth_lowers,
    final_not_needed,
    isometry_maximal,
    mlp_rises,
    residuals_improve,
    resnet_peaks,
    shortcut_falls,
    shortcut_improves,
    slope_follows,
)
from analysis.claims.judging import judge
from analysis.claims.model import Answer, Claim, Finding, Judgement, Need, Verdict
from analysis.claims.needs import Origin
from analysis.claims.writing import document, files, plain, rows, text

CLAIMS: tuple[Claim, ...] = (
    mlp_rises.CLAIM,
    shortcut_falls.CLAIM,
    resnet_peaks.CLAIM,
    shortcut_improves.CLAIM,
    residuals_improve.CLAIM,
    depth_hinders.CLAIM,
    depth_lowers.CLAIM,
    slope_follows.CLAIM,
    final_not_needed.CLAIM,
    isometry_maximal.CLAIM,
)

__all__ = [
    "CLAIMS",
    "Answer",
    "Claim",
    "Finding",
    "Judgement",
    "Need",
    "Origin",
    "Verdict",
    "document",
    "files",
    "judge",
    "plain",
    "rows",
    "text",
]

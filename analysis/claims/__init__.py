"""The papers' claims, and their judgement by a sweep. To add one: a file with a CLAIM, a line here.

Imported by `report` and `commands`. Not here: tables (`tables`), figures (`figures`), statistics of any data.
"""

from analysis.claims import (
    bottleneck_at_isometry,
    correlates_first,
    depth_hinders,
    depth_lowers,
    drift_then_diffusion,
    final_not_needed,
    isometry_by_channel,
    isometry_maximal,
    lower_dimensional,
    mi_mediates,
    mlp_rises,
    one_epoch_trains,
    residuals_improve,
    resnet_needs_less,
    resnet_peaks,
    shortcut_falls,
    shortcut_improves,
    slope_follows,
    slope_in_plane,
    speed_at_equal_error,
)
from analysis.claims.document import document, files, plain, rows
from analysis.claims.judgement import Answer, Finding, Judgement, Need
from analysis.claims.judging import judge
from analysis.claims.model import Claim, Reading, Verdict
from analysis.claims.needs import Origin
from analysis.claims.registered import beside_looks, beside_older, beside_starts
from analysis.claims.wording import on_rules
from analysis.claims.writing import text

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
    one_epoch_trains.CLAIM,
    correlates_first.CLAIM,
    slope_in_plane.CLAIM,
    speed_at_equal_error.CLAIM,
    resnet_needs_less.CLAIM,
    isometry_by_channel.CLAIM,
    drift_then_diffusion.CLAIM,
    lower_dimensional.CLAIM,
    mi_mediates.CLAIM,
    bottleneck_at_isometry.CLAIM,
)

__all__ = [
    "CLAIMS",
    "Answer",
    "Claim",
    "Finding",
    "Judgement",
    "Need",
    "Origin",
    "Reading",
    "Verdict",
    "beside_looks",
    "beside_older",
    "beside_starts",
    "document",
    "files",
    "judge",
    "on_rules",
    "plain",
    "rows",
    "text",
]

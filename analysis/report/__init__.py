"""The report: claims, figures, the estimator's limits, failures and environment of a sweep, on one page.

Imported by `commands`. Not here: what it puts together (`claims`, `figures`, `tables`).
"""

from analysis.report.artifacts import artifacts
from analysis.report.contents import Contents, gather
from analysis.report.page import page

__all__ = ["Contents", "artifacts", "gather", "page"]

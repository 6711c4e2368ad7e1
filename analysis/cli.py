"""The entry point: the `sweep` command with the commands of the analysis added."""

import os

from analysis.commands import claims, export, figures, report
from sweep.cli.app import add, app, report_errors

for command in (export.export, figures.figures, claims.claims, report.report):
    add(command)


def main() -> None:
    """Run the `sweep` command; errors and exit codes as `report_errors`."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's shell names one that is not installed here
    report_errors(app)

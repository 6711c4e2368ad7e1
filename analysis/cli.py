"""The entry point: the `sweep` command with the commands of the analysis added."""

import os

from analysis.registered import recorded_now
from sweep.cli.app import ANALYSE, COMMANDS, DEFINITIONS, OF_THE_STORE, UNTIL, Entry, app, report_errors

COMMANDS |= {
    name: Entry(f"analysis.commands.{name}:{name}", ANALYSE, text, OF_THE_STORE)
    for name, text in {
        "export": "Write epochs.parquet and points.parquet.",
        "figures": "Draw the papers' figures: PNG, PDF and the CSV behind each.",
        "claims": "Judge each of the papers' claims by a sweep.",
        "power": "Show how many seeds would decide each of the papers' claims, and the hours that they take.",
        "report": "Write claims, figures, the estimator's limits, failures and environment as one page.",
    }.items()
}

DEFINITIONS |= recorded_now()
UNTIL["decided"] = "analysis.sequential:run_until_decided"


def main() -> None:
    """Run the `sweep` command; errors and exit codes as `report_errors`."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's shell names one that is not installed here
    report_errors(app)

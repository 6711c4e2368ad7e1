"""The command `report`: a sweep as one HTML page."""

import tempfile
from typing import Annotated

import typer

from analysis.commands.output import writing_to
from sweep.cli import options
from sweep.console import talk, warn
from sweep.errors import UsageError
from sweep.store import Store
from sweep.system.paths import with_home


def report(
    sweep: options.Sweep,
    output: Annotated[str, typer.Option("-o", "--output", help="The HTML file to write.")],
    shared: options.Tracked,
) -> None:
    """Write claims, figures, the estimator's limits, failures and environment as one page that opens offline.

    It is kept in MLflow as well, as run `report` of the sweep's experiment.
    """
    from analysis.files import put
    from analysis.report import artifacts, gather, page
    from analysis.report.to_mlflow import keep_report

    tracker, file = shared.tracker, with_home(output)
    if file.is_dir() or output.endswith("/"):
        raise UsageError(f"-o {output}: is a folder; allowed is a file", next=f"-o {file / 'report.html'}")
    with writing_to(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):  # fails now, not after a minute's work
            pass
    with talk.status("reading the store") as status:

        def begin(step: str) -> None:
            status.update(step) if talk.is_terminal else talk.print(step)

        contents = gather(Store(shared.store), sweep, shared.store, begin)
        html = page(contents).encode()
        with writing_to(file):
            put(file, html)
        begin("keeping it in MLflow")
        try:
            keep_report(tracker, sweep, artifacts(contents, html))
        except UsageError as error:
            warn(f"not kept in MLflow: {error}")
    print(file)

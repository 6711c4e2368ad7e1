"""The `sweep` command with the commands of the analysis: export, figures, claims, report. The entry point."""

import json
import shutil
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.app import app, report_errors, with_shared_options
from sweep.commands import DEFAULT_STORE, command_line
from sweep.console import print_json, talk
from sweep.errors import StorageFault, UsageError
from sweep.tracking.settings import default_tracking_uri


def _is_no_file(path: Path | None) -> Path | None:
    """See that a folder can be there: nothing yet, or a folder."""
    if path and path.is_file():
        raise UsageError(f"-o {path}: is a file; allowed is a folder", next="the same with a folder")
    return path


Folder = Annotated[Path, typer.Option("-o", "--output", callback=_is_no_file, help="Folder to write to.")]

NARROWEST, WIDEST = 80, 120
HOW_JUDGED = (
    "Intervals are of 95 % over seeds, networks of every config counting alike; p is corrected for all effects asked "
    "here (Holm). Where configs differ in sign, three quarters of them must agree for a verdict. MI is a lower bound "
    "in practice, not comparable across widths. --json has every definition and point, and each config alone."
)


def export(
    sweep: options.Sweep,
    output: Folder,
    store: options.Store = DEFAULT_STORE,
    from_mlflow: Annotated[
        str | None,
        typer.Option(
            "--from-mlflow",
            metavar="URI",
            callback=options.without_login,
            help="Read MLflow instead of the store.",
        ),
    ] = None,
    partition_by: Annotated[
        str | None,
        typer.Option("--partition-by", metavar="COLUMN,...", help="Spread the epochs over folders by these columns."),
    ] = None,
) -> None:
    """Write epochs.parquet and points.parquet. Into the same folder again, only what is new is read."""
    columns = list(dict.fromkeys(name for text in (partition_by or "").split(",") if (name := text.strip())))
    if from_mlflow:
        from analysis.export.parquet import write_parquet
        from analysis.tables.from_mlflow import from_mlflow as read

        if columns:
            raise UsageError("--partition-by is for exports from the store", next="the same without --from-mlflow")
        tables = read(from_mlflow, sweep)
        with _writing_to(output):
            paths = write_parquet(tables, output)
    else:
        from analysis.export.export import export as write
        from sweep.store import Store

        with _writing_to(output):
            paths, total, read_anew = write(Store(store), sweep, output, columns)
        if read_anew < total:
            talk.print(f"{read_anew} of {total} points read; the others are as in the export that was here")
    for path in paths:
        print(path)


def figures(
    sweep: options.Sweep,
    output: Folder,
    store: options.Store = DEFAULT_STORE,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this figure; may be repeated.")
    ] = None,
) -> None:
    """Draw the papers' figures: PNG, PDF and the CSV behind each."""
    from analysis.figures import FIGURES, NothingToDraw, save
    from analysis.tables import collect
    from sweep.store import Store

    for unknown in set(only or []) - set(FIGURES):
        raise UsageError(
            f"--only {unknown}: unknown figure; allowed are {', '.join(FIGURES)}",
            next="the same without --only draws all",
        )
    tables = collect.from_store(Store(store), sweep)
    epochs, points = tables.epochs.to_pandas(), tables.points.to_pandas()
    drawn = 0
    with _writing_to(output):
        for name in only or FIGURES:
            try:
                paths = save(name, epochs, points, output)
            except NothingToDraw as reason:
                talk.print(f"{name}: not drawn: {reason}", style="yellow", highlight=False, soft_wrap=True)
                continue
            drawn += 1
            for path in paths:
                print(path)
    if not drawn:
        again = command_line("status", sweep, store=store)
        raise UsageError(f"nothing to draw in sweep {sweep}", next=again)


def claims(
    sweep: options.Sweep,
    store: options.Store = DEFAULT_STORE,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", callback=_is_no_file, help="Folder for claims.json and claims.csv as well."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Supervisor each of the papers' claims by this sweep: effect, interval over seeds, n, verdict."""
    from analysis.claims import CLAIMS, Origin, document, judge, rows, text
    from analysis.tables import from_store
    from sweep.store import Store

    opened = Store(store)
    tables = from_store(opened, sweep)
    origin = Origin(sweep, opened.spec_address(sweep), store)
    found = judge(tables.epochs.to_pandas(), tables.points.to_pandas(), CLAIMS, origin)
    whole = document(sweep, Counter(tables.points["state"].to_pylist()), found)
    if output:
        with _writing_to(output):
            output.mkdir(parents=True, exist_ok=True)
            (output / "claims.json").write_text(json.dumps(whole, indent=1) + "\n")
            rows(found).to_csv(output / "claims.csv", index=False, lineterminator="\n")
    if as_json:
        print_json(whole)
        return
    counts = ", ".join(f"{count} {state}" for state, count in whole["points"].items())
    width = min(max(shutil.get_terminal_size((WIDEST, 24)).columns, NARROWEST), WIDEST)
    print(f"sweep {sweep}: {counts}\n\n{text(found, width)}\n\n" + textwrap.fill(HOW_JUDGED, width))


def report(
    sweep: options.Sweep,
    output: Annotated[str, typer.Option("-o", "--output", help="The HTML file to write.")],
    store: options.Store = DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
) -> None:
    """Write claims, figures, the estimator's limits, failures and environment as one page that opens offline.

    It is kept in MLflow as well, as run `report` of the sweep's experiment.
    """
    from analysis.figures.drawing.saving import put
    from analysis.report import artifacts, gather, page
    from analysis.report.to_mlflow import keep_report
    from sweep.store import Store

    tracker, file = tracking_uri or default_tracking_uri(store), Path(output)
    if file.is_dir() or output.endswith("/"):
        raise UsageError(f"-o {output}: is a folder; allowed is a file", next=f"-o {file / 'report.html'}")
    with _writing_to(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):  # better now than after a minute's work
            pass
    with talk.status("reading the store") as status:

        def begin(what: str) -> None:
            status.update(what) if talk.is_terminal else talk.print(what)

        contents = gather(Store(store), sweep, store, begin)
        html = page(contents).encode()
        with _writing_to(file):
            put(file, html)
        begin("keeping it in MLflow")
        try:
            keep_report(tracker, sweep, artifacts(contents, html))
        except UsageError as error:
            talk.print(f"not kept in MLflow: {error}", style="yellow", soft_wrap=True)
    print(file)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFault(f"cannot write to {folder}: {error}", next="choose another place with -o") from error


for command in (export, figures, claims, report):
    app.command()(with_shared_options(command))


def main() -> None:
    """Run the `sweep` command; errors and exit codes as `report_errors`."""
    report_errors(app)

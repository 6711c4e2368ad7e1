"""The command `export`: the tables of a sweep as Parquet files."""

from typing import Annotated

import typer

from analysis.commands.output import OutputFolder, writing_to
from sweep.cli import options
from sweep.console import say
from sweep.errors import UsageError
from sweep.store import Store, known_store_id
from sweep.tracking.settings import tracking_address


def export(
    sweep: options.Sweep,
    output: OutputFolder,
    shared: options.Stored,
    from_mlflow: Annotated[
        str | None,
        typer.Option(
            "--from-mlflow",
            metavar="URI",
            callback=tracking_address,
            help="Read MLflow instead of the store.",
        ),
    ] = None,
    partition_by: Annotated[
        str | None,
        typer.Option("--partition-by", metavar="COLUMN,...", help="Spread the epochs over folders by these columns."),
    ] = None,
) -> None:
    """Write epochs.parquet and points.parquet, and measures.parquet where more than KSG is measured.

    Into the same folder again, of the epochs only what is new is read.
    """
    columns = list(dict.fromkeys(name for text in (partition_by or "").split(",") if (name := text.strip())))
    if from_mlflow:
        from analysis.export.measures import FILE as MEASURES_FILE
        from analysis.export.parquet import write_parquet
        from analysis.tables.from_mlflow import from_mlflow as read

        if columns:
            raise UsageError("--partition-by is for exports from the store", next="the same without --from-mlflow")
        tables = read(from_mlflow, sweep, known_store_id(Store(shared.store)))
        with writing_to(output):
            paths = write_parquet(tables, output)
            (output / MEASURES_FILE).unlink(missing_ok=True)  # MLflow has what there was room for, not the whole table
    else:
        from analysis.export.export import export as write
        from analysis.export.measures import write_measures

        with writing_to(output):
            paths, total, read_anew = write(Store(shared.store), sweep, output, columns)
            paths += write_measures(Store(shared.store), sweep, output)
        if read_anew < total:
            say(f"{read_anew} of {total} points read; the others are as in the export that was here")
    for path in paths:
        print(path)

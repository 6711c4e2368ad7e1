"""Commands of the analysis: export, figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sweep import options
from sweep.errors import StorageFault, UsageError
from sweep.options import talk

Folder = Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")]


def export(
    sweep: options.Sweep,
    output: Folder,
    store: options.Store = options.DEFAULT_STORE,
    from_mlflow: Annotated[
        str | None,
        typer.Option(
            "--from-mlflow",
            metavar="URI",
            callback=options.without_login,
            help="Read MLflow instead of the store.",
        ),
    ] = None,
) -> None:
    """Write epochs.parquet and points.parquet."""
    from analysis import collect

    if from_mlflow:
        from analysis.from_mlflow import from_mlflow as read

        tables = read(from_mlflow, sweep)
    else:
        from sweep.store import Store

        tables = collect.from_store(Store(store), sweep)
    with _writing_to(output):
        for path in collect.write_parquet(tables, output):
            print(path)


def figures(
    sweep: options.Sweep,
    output: Folder,
    store: options.Store = options.DEFAULT_STORE,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this figure; may be repeated.")
    ] = None,
) -> None:
    """Draw the papers' figures: PNG, PDF and the CSV behind each."""
    from analysis import collect
    from analysis.figures import FIGURES, NothingToDraw, save
    from sweep.store import Store

    for unknown in set(only or []) - set(FIGURES):
        raise UsageError(
            f"--only {unknown}: unknown figure; allowed are {', '.join(FIGURES)}\n"
            "  next: the same without --only draws all"
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
        again = options.command_line("status", sweep, store=store)
        raise UsageError(f"nothing to draw in sweep {sweep}\n  next: {again}")


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StorageFault(f"cannot write to {folder}: {error}\n  next: choose another folder with -o") from error

"""The command `figures`: the papers' figures, drawn from a sweep."""

from typing import Annotated

import typer

from analysis.commands.output import OutputFolder, writing_to
from sweep.cli import options
from sweep.commands import command_line
from sweep.console import warn
from sweep.errors import UsageError
from sweep.store import Store


def figures(
    sweep: options.Sweep,
    output: OutputFolder,
    shared: options.Stored,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this figure; may be repeated.")
    ] = None,
) -> None:
    """Draw the papers' figures: PNG, PDF and the CSV behind each."""
    from analysis.figures import FIGURES, NothingToDraw, save
    from analysis.tables import from_store, kept_values, with_measures

    for unknown in set(only or []) - set(FIGURES):
        raise UsageError(
            f"--only {unknown}: unknown figure; allowed are {', '.join(FIGURES)}",
            next="the same without --only draws all",
        )
    store = Store(shared.store)
    tables = from_store(store, sweep)
    epochs = with_measures(tables.epochs.to_pandas(), kept_values(store, sweep))
    points = tables.points.to_pandas()
    if not points["state"].isin(["finished", "diverged"]).any():
        warn(f"nothing finished yet in sweep {sweep}: figures of results come once a point has finished")
    drawn = 0
    with writing_to(output):
        for name in only or FIGURES:
            try:
                paths = save(name, epochs, points, output)
            except NothingToDraw as reason:
                warn(f"{name}: not drawn: {reason}")
                continue
            drawn += 1
            for path in paths:
                print(path)
    if not drawn:
        again = command_line("status", sweep, store=shared.store)
        raise UsageError(f"nothing to draw in sweep {sweep}", next=again)

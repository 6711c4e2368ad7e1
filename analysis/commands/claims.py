"""The command `claims`: what a sweep says about each of the papers' claims."""

import shutil
import textwrap
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.output import not_a_file, writing_to
from sweep.cli import options
from sweep.console import print_json
from sweep.store import Store

NARROWEST, WIDEST = 80, 120
HOW_JUDGED = (
    "Seeds are blocks: n is seeds x configs, intervals are of 95 % over seeds, and p is of the signs of whole seeds, "
    "which six seeds need to reach 0.05. Supported needs every effect of a claim, contradicted any (corrected for the "
    "effects of that claim). MI is an estimate: not comparable across widths. --json has every definition and point, "
    "and each config alone."
)


def claims(
    sweep: options.Sweep,
    shared: options.Stored,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", callback=not_a_file, help="Folder for claims.json and claims.csv as well."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Judge each of the papers' claims by this sweep: effect, interval over seeds, n, verdict."""
    from analysis.claims import CLAIMS, Origin, document, files, judge, text
    from analysis.files import put
    from analysis.tables import from_store

    store = Store(shared.store)
    tables = from_store(store, sweep)
    states = Counter(tables.points["state"].to_pylist())
    origin = Origin(sweep, store.spec_address(sweep), shared.store, is_running=states["running"] > 0)
    findings = judge(tables.epochs.to_pandas(), tables.points.to_pandas(), CLAIMS, origin)
    whole = document(sweep, states, findings)
    if output:
        with writing_to(output):
            output.mkdir(parents=True, exist_ok=True)
            for name, content in files(whole, findings).items():
                put(output / name, content)
    if as_json:
        print_json(whole)
        return
    counts = ", ".join(f"{count} {state}" for state, count in whole["points"].items())
    width = min(max(shutil.get_terminal_size((WIDEST, 24)).columns, NARROWEST), WIDEST)
    print(f"sweep {sweep}: {counts}\n\n{text(findings, width)}\n\n" + textwrap.fill(HOW_JUDGED, width))

"""The command `claims`: what a sweep says about each of the papers' claims."""

import shutil
import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.commands.output import not_a_file, writing_to
from sweep.cli import options
from sweep.console import print_json
from sweep.errors import UsageError
from sweep.store import Store
from sweep.system.paths import with_home

NARROWEST, WIDEST = 80, 120
HOW_JUDGED = (
    "Seeds are blocks: n is seeds x configs, intervals are of 95 % over seeds, and p is of the signs of whole seeds, "
    "which six seeds need to reach 0.05. Supported needs every effect of a claim, contradicted any (corrected for the "
    "effects of that claim). MI is an estimate: not comparable across widths. --json has every definition and point, "
    "and each config alone."
)


def claims(
    shared: options.Stored,
    sweep: options.SweepIfAny = None,
    from_folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Judge the exported tables in this folder instead, of whatever origin."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", callback=not_a_file, help="Folder for claims.json and claims.csv as well."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Judge each of the papers' claims by a sweep: effect, interval over seeds, n, verdict."""
    from analysis.claims import (
        CLAIMS,
        beside_looks,
        beside_older,
        beside_starts,
        document,
        files,
        judge,
        on_rules,
        text,
    )
    from analysis.claims.source import of_files, of_store
    from analysis.files import put

    if (sweep is None) == (from_folder is None):
        raise UsageError("claims needs either SWEEP or --from DIR", next="sweep claims SWEEP")
    judged = of_store(Store(shared.store), sweep, shared.store) if sweep else of_files(with_home(str(from_folder)))
    states = Counter(judged.points["state"])
    epochs, points, origin = judged.epochs, judged.points, judged.origin
    findings = beside_older(judge(epochs, points, CLAIMS, origin), epochs, points, origin)
    findings = beside_starts(beside_looks(findings, judged.decisions), judged.starts)
    whole = document(origin.sweep, states, findings, judged.starts, judged.decisions)
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
    parts = [f"sweep {origin.sweep}: {counts}", *_decisions(judged.decisions, width)]
    parts += [textwrap.fill(remark, width) for remark in [on_rules(judged.starts)] if remark]
    print("\n\n".join([*parts, text(findings, width), textwrap.fill(HOW_JUDGED, width)]))


def _decisions(made: Mapping[str, Any] | None, width: int) -> list[str]:
    """What the looks of a sweep that ran until decided found; its verdicts are these, at levels that share 5 %."""
    if not made or not made.get("looks"):
        return []
    lines = [
        f"at the look of {look['seeds']} seeds, {_levels(look)}: "
        + ", ".join(f"{name} {verdict}" for name, verdict in look["verdicts"].items())
        for look in made["looks"]
    ]
    head = "This sweep ran until its claims were decided: its verdicts are those of its looks, not those below."
    wrapped = (textwrap.fill(line, width, subsequent_indent="    ", break_on_hyphens=False) for line in [head, *lines])
    return ["\n".join(wrapped)]


def _levels(look: Mapping[str, Any]) -> str:
    """The levels of a look as the store keeps it; of half, since claims spend nothing where their half is too small."""
    from analysis.sequential import Look

    return Look(look["seeds"], look["level"], look.get("level_of_half", 0.0)).in_words("level_of_half" in look)

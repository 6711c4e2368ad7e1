"""The command `power`: how many seeds would decide each claim, and what they cost."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli import options
from sweep.console import print_json, print_table, print_text
from sweep.errors import UsageError
from sweep.store import Store

if TYPE_CHECKING:
    from analysis.claims import Reading
    from analysis.claims.power import Remark, SeedsNeeded

HOW = (
    "Seeds in all with which a verdict is reached in {power:.0%} of sweeps, were effects and spreads as seen; hours of "
    "one trial at a time for those not there yet. Few seeds tell a spread badly: with three the number may be wrong by "
    "a factor of three."
)
HEAD = ("claim", "reading", "effect", "value", "spread", "seeds", "points to", "needs", "hours")


def power(
    sweep: options.Sweep,
    shared: options.Stored,
    power: Annotated[
        float, typer.Option("--power", metavar="SHARE", help="How often the verdict shall be reached: 0.5 to 0.99.")
    ] = 0.8,
    every: Annotated[
        bool, typer.Option("--all", help="Every reading, not only those that decide and what is beyond the control.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show how many seeds would decide each of the papers' claims, and the hours that they take."""
    if not 0.5 <= power <= 0.99:
        raise UsageError(f"--power {power:g}: allowed is 0.5 to 0.99", next=f"sweep power {sweep}")
    from analysis.claims import CLAIMS, judge
    from analysis.claims.power import remarks, seeds_needed
    from analysis.claims.source import of_store

    judged = of_store(Store(shared.store), sweep, shared.store)
    judgements = judge(judged.epochs, judged.points, CLAIMS, judged.origin)
    found = [one for one in seeds_needed(judgements, judged.points, power) if every or _decides(one.reading)]
    said = [one for one in remarks(judgements) if every or _decides(one.reading)]
    if as_json:
        plain = [_plain(one) | {"points_to": str(one.points_to)} for one in found]
        print_json({"sweep": sweep, "power": power, "claims": plain, "remarks": [_plain(one) for one in said]})
        return
    print_table(HEAD, [_row(one) for one in found])
    for one in said:
        print_text(textwrap.fill(f"claim {one.claim}, {one.reading.name}: {one.said}", 100, subsequent_indent="    "))
    print_text(textwrap.fill(HOW.format(power=power), 100))


def _decides(reading: "Reading") -> bool:
    is_of_ladder = reading.measure not in ("NPEET", "balanced", "channel", "error")
    return not is_of_ladder and reading.variant == "as measured" and reading.networks != "frozen"


def _plain(one: "SeedsNeeded | Remark") -> dict[str, Any]:
    return asdict(one) | {"reading": one.reading.name, **asdict(one.reading)}


def _row(one: "SeedsNeeded") -> Sequence[str]:
    from analysis.claims.model import DECIMALS
    from analysis.claims.power import MOST_SEEDS

    decimals = DECIMALS[one.unit]
    seeds = f"over {MOST_SEEDS}" if one.seeds is None else str(one.seeds)
    hours = "" if one.hours is None else f"{one.hours:.1f}"
    numbers = (f"{one.value:+.{decimals}f} {one.unit}", f"{one.spread:.{decimals}f}")
    return (str(one.claim), one.reading.name, one.effect, *numbers, str(one.seeds_now), one.points_to, seeds, hours)

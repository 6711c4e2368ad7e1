"""A sweep that runs until its claims are decided: look after look, with more seeds of the networks still open."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.claims import CLAIMS, Claim
from analysis.claims.runs import read_runs
from analysis.claims.source import of_store
from analysis.sequential.decisions import Decision, decided_at, open_networks
from analysis.sequential.growth import growth
from analysis.sequential.looks import LOOKS, looks
from sweep.errors import Interrupted, PointsFailed, SweepError
from sweep.spec import SweepSpec
from sweep.store import State, Store, record_decisions
from sweep.text import counted
from trainables.config import TrialConfig

ENDED = {
    "decided": "every claim about its networks is decided, or lacks what seeds do not give",
    "last look": "the last look was taken, and what is open stays open",
    "budget": "the budget does not reach for the next look, and what is open stays open",
}
NAMED = 3
RunPoints = Callable[[SweepSpec], None]
Price = Callable[[SweepSpec], float | None]


@dataclass(frozen=True)
class Decisions:
    """What was decided at each look, and why the sweep ended: `decided`, `last look` or `budget`, else `not yet`."""

    made: tuple[Decision, ...]
    ended: str

    @property
    def verdicts(self) -> dict[str, str]:
        """Of each claim the verdict of the look that decided it, or of the last one."""
        return {name: verdict for one in self.made for name, verdict in one.verdicts.items()}

    def plain(self) -> dict[str, Any]:
        """As the store keeps them."""
        made = [
            asdict(one.look)
            | {"verdicts": dict(one.verdicts), "open": list(one.still_open), "lacking": dict(one.lacking)}
            for one in self.made
        ]
        return {"looks": made, "ended": self.ended}


def run_until_decided(
    spec: SweepSpec,
    store: Store,
    address: str,
    run: RunPoints,
    price: Price,
    say: Callable[[str], None],
    budget_hours: float | None = None,
    seeds: Sequence[int] = LOOKS,
    claims: Sequence[Claim] = CLAIMS,
) -> Decisions:
    """Run the networks of a spec with more and more seeds, until every claim about them is decided.

    The seeds of the spec do not count: a look has the seeds from 0 on. Networks that no claim compares get none, and
    after the first look only those get more that open claims compare. What a look decides follows from the store alone,
    so that the same again goes on where it was. Failed points are left out of a look, which decides no claim about
    them; with other unfinished points it is not taken.

    run: computes the points of a spec that the store does not hold, and raises what keeps it from that. price: the
    hours of the points of a spec that are not there yet, one at a time; None where that is not known. budget_hours: of
    all trials; a look that would pass it is not begun, one that was begun is finished.

    Raises:
        UsageError: when no claim compares networks of the spec.
        PointsFailed: when points failed, after the looks without them.
        SweepError: when the budget does not reach for the first look, and whatever keeps a look from being taken.
    """
    grows, claims, apart = growth(spec, claims, seeds[0])
    if apart:
        say(f"{counted(len(apart), 'network')} that no claim compares get no seeds: {_named(apart)}")
    made, ended, failure = list[Decision](), "last look", None
    for number, look in enumerate(looks(seeds), 1):
        grown = grows.grown_to(look.seeds)
        missing = _unfinished(store, grown)
        say(
            f"look {number} of {len(seeds)}: seeds 0 to {look.seeds - 1} of {len(grows.growing)} networks, "
            f"{len(missing)} points to run, {look.in_words(any(claim.half_chooses for claim in claims))}"
        )
        if missing and budget_hours is not None and not _is_begun(store, grown):
            if number == 1 and price(grown) is None:
                say("what they take is not known: seed 0 of each network is run first")
                failure = _run(run, grows.with_one_seed(), store, number)
                if failure and price(grown) is None:
                    raise failure
            if said := _beyond(budget_hours, price(grown), _spent(store, spec.name, address), number):
                ended = "budget"
                say(said)
                break
        if missing:
            failure = _run(run, grown, store, number)
        elif not _is_begun(store, grown):
            store.save_spec(spec.name, grown.to_yaml())
        if failed := _unfinished(store, grown):
            say(f"  {counted(len(failed), 'point')} failed, and claims about them are not decided: {_named(failed)}")
        judged, ids = of_store(store, spec.name, address), {point.point_id for point in grown.points}
        runs = [one for one in read_runs(judged.epochs, judged.points) if one.point_id in ids]
        decision = decided_at(look, runs, claims, judged.origin)
        made.append(decision)
        record_decisions(store, spec.name, Decisions(tuple(made), "not yet").plain())
        _tell(decision, claims, say)
        claims = [claim for claim in claims if claim.name in decision.still_open]
        grows.keep(open_networks(decision, runs, claims))
        if not claims:
            ended = "decided"
            break
    found = Decisions(tuple(made), ended)
    record_decisions(store, spec.name, found.plain())
    say(f"{spec.name}: {ENDED[ended]}")
    if failure:
        raise PointsFailed(
            f"{failure.message}; the looks were taken without them",
            next=f"{failure.next}; the same with --retry all goes on with the claims about them",
        )
    return found


def _tell(decision: Decision, claims: Sequence[Claim], say: Callable[[str], None]) -> None:
    for name, verdict in decision.verdicts.items():
        lack = decision.lacking.get(name)
        say(f"  {name}: {verdict}" + (f", and gets no more seeds: needs {lack}" if lack else ""))
    if unasked := [claim.name for claim in claims if claim.name not in decision.verdicts]:
        say(f"  not asked, as the points do not measure what they compare: {', '.join(unasked)}")


def _run(run: RunPoints, grown: SweepSpec, store: Store, number: int) -> PointsFailed | None:
    """Run the points; what made some of them fail, where the others are there. Raises what keeps it from the look."""
    try:
        run(grown)
    except SweepError as error:
        states = store.states_of(_unfinished(store, grown))
        lacking = sum(one.state is not State.FAILED for one in states)
        if isinstance(error, PointsFailed) and not lacking:
            return error
        again = "the same again" + " with --retry all" * isinstance(error, PointsFailed)
        raise type(error)(
            f"look {number} is not taken, as {counted(lacking, 'point')} of it are not there: {error.message}",
            next=again if isinstance(error, Interrupted) or not error.next else f"{error.next}; then {again}",
        ) from error
    return None


def _beyond(budget: float, more: float | None, spent: float, number: int) -> str | None:
    """That a look would pass the budget, with what it costs; None where it does not. hours: all three.

    Raises:
        SweepError: when it is the first look, as then nothing can be decided.
    """
    if more is not None and spent + more <= budget:
        return None
    costs = "it is not known what a look costs" if more is None else f"look {number} takes {more:.2g} h of trials"
    done = f", {spent:.2g} h are spent" if spent else ""
    enough = "more" if more is None else f"{math.ceil(spent + more)}h"
    said, again = f"{costs}{done}, and the budget is {budget:.2g} h", f"the same with --budget {enough}"
    if number == 1:
        raise SweepError(f"{said}: nothing is decided", next=f"{again}, or with fewer networks")
    return f"{said}; next: {again}"


def _is_begun(store: Store, grown: SweepSpec) -> bool:
    """Whether the store keeps the spec of this look, or of a later one."""
    if not store.has_spec(grown.name):
        return False
    kept = {point.point_id for point in store.spec(grown.name).points}
    return kept >= {point.point_id for point in grown.points}


def _unfinished(store: Store, spec: SweepSpec) -> list[TrialConfig]:
    states = store.states_of(spec.points)
    return [point for point, one in zip(spec.points, states, strict=True) if not one.state.is_done]


def _spent(store: Store, sweep: str, address: str) -> float:
    """The hours that the points of a sweep took."""
    if not store.has_spec(sweep):
        return 0.0
    return float(of_store(store, sweep, address).points["wall_seconds"].sum()) / 3600


def _named(points: Sequence[TrialConfig]) -> str:
    return ", ".join(one.point_id for one in points[:NAMED]) + ", ..." * (len(points) > NAMED)

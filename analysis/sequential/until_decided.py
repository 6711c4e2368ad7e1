"""A sweep that runs until its claims are decided: look after look, with more seeds of the networks still open."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from analysis.claims import CLAIMS, Claim
from analysis.claims.runs import read_runs
from analysis.claims.source import of_store
from analysis.sequential.decisions import Decision, decided_at, open_networks
from analysis.sequential.looks import LOOKS, looks
from sweep.errors import SweepError
from sweep.spec import Block, SweepSpec
from sweep.store import Store, record_decisions
from trainables.config import TrialConfig

Network = TrialConfig
"""A config that stands for all its seeds: with seed 0."""

ENDED = {
    "decided": "every claim about its networks is decided, or lacks what seeds do not give",
    "last look": "the last look was taken, and what is open stays open",
    "budget": "the budget does not reach for the next look, and what is open stays open",
}


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
        made = [{**asdict(one.look), "verdicts": dict(one.verdicts), "open": list(one.still_open)} for one in self.made]
        return {"looks": made, "ended": self.ended}


def run_until_decided(
    spec: SweepSpec,
    store: Store,
    address: str,
    run: Callable[[SweepSpec], None],
    say: Callable[[str], None],
    budget_hours: float | None = None,
    seeds: Sequence[int] = LOOKS,
    claims: Sequence[Claim] = CLAIMS,
) -> Decisions:
    """Run the networks of a spec with more and more seeds, until every claim about them is decided.

    The seeds of the spec do not count: a look has the seeds from 0 on. Only networks that open claims compare get more.
    What a look decides follows from the store alone, so that the same again goes on where it was. run: computes the
    points of a spec that the store does not hold, and raises what keeps it from that. budget_hours: of trials, one at a
    time; a look that would pass it, by the mean of what points took before, is not begun.
    """
    wanted: dict[Network, int] = {_network(point): 0 for point in spec.points}
    growing, made, ended = list(wanted), [], "last look"
    for number, look in enumerate(looks(seeds), 1):
        wanted |= dict.fromkeys(growing, look.seeds)
        grown = replace(spec, blocks=tuple(_blocks(wanted)))
        missing = _missing(store, grown)
        say(
            f"look {number} of {len(seeds)}: seeds 0 to {look.seeds - 1} of {len(growing)} networks, "
            f"{len(missing)} points to run, verdicts at p below {look.level:.4f}"
        )
        if missing and budget_hours is not None and _hours(store, spec.name, address, len(missing)) > budget_hours:
            ended = "budget"
            break
        if missing:
            try:
                run(grown)
            except SweepError:
                say(f"look {number} is not taken, as points of it are not finished: the same command goes on")
                raise
        else:
            store.save_spec(spec.name, grown.to_yaml())
        judged = of_store(store, spec.name, address)
        runs = read_runs(judged.epochs, judged.points)
        decision = decided_at(look, runs, claims, judged.origin)
        made.append(decision)
        record_decisions(store, spec.name, Decisions(tuple(made), "not yet").plain())
        for name, verdict in decision.verdicts.items():
            say(f"  {name}: {verdict}")
        claims = [claim for claim in claims if claim.name in decision.still_open]
        compared = open_networks(decision, runs, claims)
        growing = list(dict.fromkeys(_network(point) for point in grown.points if point.point_id in compared))
        if not claims:
            ended = "decided"
            break
    found = Decisions(tuple(made), ended)
    record_decisions(store, spec.name, found.plain())
    say(f"{spec.name}: {ENDED[ended]}")
    return found


def _network(point: TrialConfig) -> Network:
    return TrialConfig.model_validate(point.model_dump() | {"seed": 0})


def _blocks(wanted: Mapping[Network, int]) -> Iterator[Block]:
    """One for each network, with as many seeds as are wanted of it."""
    for network, seeds in wanted.items():
        fields = network.model_dump(mode="json", exclude_defaults=True, exclude={"seed", "measure"})
        measure = network.measure.model_dump(mode="json", exclude_defaults=True)
        yield Block(fixed=fields, grid={"seed": list(range(seeds))}, measure=measure)


def _missing(store: Store, spec: SweepSpec) -> list[TrialConfig]:
    states = store.states_of(spec.points)
    return [point for point, one in zip(spec.points, states, strict=True) if not one.state.is_done]


def _hours(store: Store, sweep: str, address: str, more: int) -> float:
    """The hours that the points of a sweep took, and so many more would take; 0 where none has finished."""
    if not store.has_spec(sweep):
        return 0.0
    seconds = of_store(store, sweep, address).points["wall_seconds"].dropna()
    return float(seconds.sum() + more * seconds.mean()) / 3600 if len(seconds) else 0.0

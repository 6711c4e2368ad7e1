"""The networks of a sweep that grows: those that claims compare, and their points with so many seeds of each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from analysis.claims import Claim
from analysis.claims.runs import Run
from analysis.sequential.decisions import compared
from sweep.errors import UsageError
from sweep.spec import Block, SweepSpec
from trainables.config import TrialConfig

Network = TrialConfig
"""A config that stands for all its seeds: with seed 0."""


class Growth:
    """A spec with more and more seeds of some of its networks. growing: those that get seeds at the next look."""

    def __init__(self, spec: SweepSpec, networks: Sequence[Network]) -> None:
        self._spec, self.growing = spec, list(networks)
        self._wanted = dict.fromkeys(networks, 0)

    def with_one_seed(self) -> SweepSpec:
        """The spec with seed 0 of every network."""
        return _with_seeds(self._spec, dict.fromkeys(self._wanted, 1))

    def grown_to(self, seeds: int) -> SweepSpec:
        """The spec with so many seeds of the networks that grow, and of others those that they have."""
        self._wanted |= dict.fromkeys(self.growing, seeds)
        return _with_seeds(self._spec, self._wanted)

    def keep(self, points: Collection[str]) -> None:
        """From now on only networks of these points grow."""
        grown = _with_seeds(self._spec, self._wanted)
        self.growing = list(dict.fromkeys(_network(one) for one in grown.points if one.point_id in points))


def growth(spec: SweepSpec, claims: Sequence[Claim], seeds: int) -> tuple[Growth, list[Claim], list[Network]]:
    """The networks that claims compare, these claims, and the networks that none compares; by configs alone.

    seeds: of the first look.

    Raises:
        UsageError: when no claim compares any of them.
    """
    networks = list(dict.fromkeys(map(_network, spec.points)))
    points = _with_seeds(spec, dict.fromkeys(networks, seeds)).points
    asked, ids = compared([Run(one.point_id, "missing", one.flat(), {}) for one in points], claims)
    if not asked:
        raise UsageError(
            f"{spec.name}: no claim compares its {len(networks)} networks, so that no seed could decide any",
            next=f"sweep claims {spec.name} says what each claim compares, sweep presets which sweeps test them",
        )
    of_claims = dict.fromkeys(_network(one) for one in points if one.point_id in ids)
    return Growth(spec, list(of_claims)), asked, [one for one in networks if one not in of_claims]


def _network(point: TrialConfig) -> Network:
    return TrialConfig.model_validate(point.model_dump() | {"seed": 0})


def _with_seeds(spec: SweepSpec, wanted: Mapping[Network, int]) -> SweepSpec:
    return replace(spec, blocks=tuple(_blocks(wanted)))


def _blocks(wanted: Mapping[Network, int]) -> Iterator[Block]:
    """One for each network, with as many seeds as are wanted of it."""
    for network, seeds in wanted.items():
        fields = network.model_dump(mode="json", exclude_defaults=True, exclude={"seed", "measure"})
        measure = network.measure.model_dump(mode="json", exclude_defaults=True)
        yield Block(fixed=fields, grid={"seed": list(range(seeds))}, measure=measure)

"""Claims judged in made-up worlds."""

from collections.abc import Iterable

from analysis.claims import CLAIMS, Judgement, Origin, judge
from tests.synthetic import World, tables
from trainables.config import TrialConfig

ORIGIN = Origin("made", "made.yaml")
BY_NAME = {claim.name: claim for claim in CLAIMS}


def judged(name: str, configs: Iterable[TrialConfig], world: World, states: dict[str, str] | None = None) -> Judgement:
    (found,) = judge(*tables(configs, world, states), [BY_NAME[name]], ORIGIN)
    return found

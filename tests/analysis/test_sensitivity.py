"""Which verdicts rest on a choice: on one seed, on the smallest effect of interest, on a margin."""

import numpy as np

from analysis.claims import CLAIMS, judge
from analysis.claims.sensitivity import Sensitivity, not_varied, sensitivity
from tests.judged import BY_NAME, ORIGIN
from tests.synthetic import Measured, World, grid, tables
from tests.worlds import as_told, both_papers
from trainables.config import TrialConfig


def asked(name: str, configs: list[TrialConfig], world: World) -> list[Sensitivity]:
    of_tables = tables(configs, world)
    return sensitivity(judge(*of_tables, [BY_NAME[name]], ORIGIN), *of_tables, ORIGIN)


def test_a_large_effect_of_many_seeds_rests_on_no_choice() -> None:
    (found,) = asked("mlp-rises", grid(seed=range(9), epochs=8), as_told)
    assert (found.verdict, found.others, found.asked) == ("supported", {}, 9 + 2)
    assert not found.is_fragile


def test_with_the_fewest_seeds_each_of_them_is_needed() -> None:
    (found,) = asked("mlp-rises", grid(seed=range(6), epochs=8), as_told)
    assert found.others == {f"without seed {seed}": "undecided" for seed in range(6)}


def test_a_small_effect_rests_on_what_is_called_small() -> None:
    def small(config: TrialConfig) -> Measured:
        own = np.random.default_rng(config.seed).normal(0.07, 0.01)
        bits = 5 + np.linspace(0, own, config.epochs + 1)
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    (found,) = asked("mlp-rises", grid(seed=range(9), epochs=8), small)
    assert found.verdict == "no effect"
    assert found.others == {"half the smallest effect of interest": "supported"}


def test_a_margin_that_decides_is_named() -> None:
    def late(config: TrialConfig) -> Measured:
        """Peaks at 92 % of the run: inside by the widest margin alone."""
        noise = np.random.default_rng(config.seed).normal(scale=0.01, size=config.epochs + 1)
        bits = 5 + np.interp(np.arange(config.epochs + 1), [0, 92, 100], [0, 1, 0.85]) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    (found,) = asked("resnet-peaks", grid(architecture="resnet", seed=range(16), epochs=100), late)
    assert "peak: 20% to 80% of the epochs" in found.others
    assert found.is_fragile


def test_each_k_number_of_images_and_momentum_is_asked_alone_where_there_are_several() -> None:
    def by_k(config: TrialConfig) -> Measured:
        """The rise is there by k = 1 alone."""
        noise = np.random.default_rng(config.seed).normal(scale=0.01, size=config.epochs + 1)
        bits = 5 + np.linspace(0, 2.0 if config.measure.neighbors == 1 else 0.0, config.epochs + 1) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    points = [
        one
        for neighbors in (1, 3)
        for one in grid(seed=range(9), epochs=8, measure={"neighbors": neighbors, "samples": 100})
    ]
    assert not_varied(tables(points, by_k)[1]) == ["images (100)", "BatchNorm momentum (0.99)"]
    found = sensitivity(judge(*tables(points[:9], by_k), [BY_NAME["mlp-rises"]], ORIGIN), *tables(points, by_k), ORIGIN)
    assert {name: verdict for name, verdict in found[0].others.items() if name.startswith("k")} == {
        "k 3 alone": "no effect"
    }
    momenta = grid(seed=range(9), epochs=8, batch_norm_momentum=[0.9, 0.99])
    (rises,) = asked("mlp-rises", momenta, as_told)
    assert (rises.asked, rises.others) == (9 + 2 + 2, {})


def test_undecided_claims_are_not_asked_and_every_margin_is_one_of_its_claim() -> None:
    epochs, points = tables(both_papers(seeds=[0, 1]), as_told)
    assert sensitivity(judge(epochs, points, CLAIMS, ORIGIN), epochs, points, ORIGIN) == []
    for claim in CLAIMS:
        for effects in claim.other_margins.values():
            assert [one.name for one in effects] == [one.name for one in claim.effects]

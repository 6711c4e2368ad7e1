"""The correlation over seeds, by products of whole seeds: found where it is, and rarely where it is not."""

import numpy as np
import pytest

from analysis.claims.mi_mediates import products
from analysis.claims.runs import Curve, Run, RunGroup
from analysis.statistics import mean_over_cells
from tests.judged import judged
from tests.synthetic import Measured, grid
from trainables.config import TrialConfig

SEEDS, SWEEPS = 12, 400


def group(seed: int, bits: float, error: float) -> RunGroup:
    """A shortcut network that has so much more MI before training than the MLP, and so much more error after."""
    epochs = np.arange(3)

    def run(architecture: str, mi: float, level: float) -> Run:
        curves = {
            ("first-merged", "mutual_information_bits"): Curve(epochs, np.full(3, mi)),
            ("first-merged", "test_error"): Curve(epochs, np.array([0.9, level, level])),
        }
        return Run(architecture, "finished", {"architecture": architecture, "seed": seed, "epochs": 2}, curves)

    return RunGroup((), {"mlp": run("mlp", 5.0, 0.3), "shortcut": run("shortcut", 5.0 + bits, 0.3 + error)})


def test_the_mean_of_the_products_is_the_correlation() -> None:
    random = np.random.default_rng(0)
    bits, errors = random.normal(size=(2, SEEDS))
    found = products([group(seed, *of) for seed, of in enumerate(zip(bits, errors, strict=True))], "NPEET")
    assert np.mean(found) * SEEDS / (SEEDS - 1) == pytest.approx(np.corrcoef(bits, errors)[0, 1])


def test_where_nothing_mediates_at_most_5_percent_of_sweeps_say_so_on_either_side() -> None:
    random = np.random.default_rng(1)
    decided = 0
    for _ in range(SWEEPS):
        bits, errors = random.normal(size=(2, SEEDS))
        values = products([group(seed, *of) for seed, of in enumerate(zip(bits, errors, strict=True))], "NPEET")
        decided += mean_over_cells([dict(enumerate(values))]).p < 0.05
    assert decided / SWEEPS < 0.05 + 3 * np.sqrt(0.05 * 0.95 / SWEEPS)


def test_where_either_difference_never_varies_there_is_no_correlation() -> None:
    assert np.isnan(products([group(seed, 1.0, 0.1 * seed) for seed in range(4)], "NPEET")).all()
    assert np.isnan(products([group(seed, 1.0 * seed, 0.1) for seed in range(4)], "NPEET")).all()
    assert np.isnan(products([group(seed, 1.0 * seed, 0.1 * seed) for seed in range(2)], "NPEET")).all()


def test_a_shortcut_that_raises_mi_and_speeds_training_by_another_way_is_no_support() -> None:
    def apart(config: TrialConfig) -> Measured:
        noise = np.random.default_rng([config.seed, len(config.architecture)])
        level, end = noise.normal(size=2)
        has_shortcut = config.architecture == "shortcut"
        bits = np.full(config.epochs + 1, 4 + 2 * has_shortcut + 0.2 * level)
        return Measured(np.linspace(0.9, 0.3 - 0.1 * has_shortcut + 0.01 * end, 9), {"first-merged": (bits, bits)})

    found = judged("mi-mediates", grid(architecture=["mlp", "shortcut"], seed=range(14), epochs=8), apart)
    raised, mediated = found.answers[0].findings
    assert raised.verdict == "supported"
    assert mediated.verdict == found.verdict == "undecided"

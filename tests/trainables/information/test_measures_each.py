"""What single measures of the ladder say of themselves, beyond what is asked of all."""

from math import log, log2
from pathlib import Path

import numpy as np
import pytest

from tests.trainables.information.pairs_of_samples import PAIRS, Samples, turn
from trainables.information import measure, mutual_information
from trainables.information.estimators.settings import Settings
from trainables.information.measures import MAPS, MEASURES
from trainables.information.measures.channel import with_noise
from trainables.information.measures.line import balanced_bits
from trainables.information.measures.rank import normal_scores
from trainables.information.measures.sliced import SLICES

PAGE = Path(__file__).parents[3] / "docs" / "mutual_information.md"
GAUSSIAN, SLICED, BINNED = (MEASURES[key] for key in ("gaussian/affine", "sliced/balanced", "binned/range"))


def value(key: str, samples: Samples, **options: int) -> float:
    found = MEASURES[key](*samples, **{"threads": 1} | options).value
    assert found is not None
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 4])
def test_ksg_is_the_number_of_the_estimator_itself(dtype: type, k: int) -> None:
    x, y = (side.astype(dtype) for side in PAIRS["linear"])
    both = measure(x, y, k=k, seed=7, threads=1)
    assert value("ksg/none", (x, y), k=k, seed=7) == both.bits
    assert value("ksg/balanced", (x, y), k=k, seed=7) == both.balanced_bits


LINES = {
    "normal": (1.0, 0.5, 300, 3),
    "of unequal scale": (1e6, 1e-3, 200, 1),
    "few samples": (1.0, 1.0, 6, 5),
    "rounded": (1.0, 0.3, 100, 3),
}


@pytest.mark.parametrize("case", LINES)
def test_in_one_dimension_trees_give_the_number_of_the_exact_search(case: str) -> None:
    scale, noise, n, k = LINES[case]
    generator = np.random.default_rng(1)
    x = scale * generator.normal(size=n)
    y = x / scale + noise * generator.normal(size=n)
    if case == "rounded":
        x, y = np.round(x, 2), np.round(y, 2)
    exact = mutual_information(x, y, k, scale="balanced", seed=4, threads=1).bits
    assert balanced_bits(x, y, Settings(k, threads=1), 4) == pytest.approx(exact, abs=1e-12)


def test_ranks_become_normal_quantiles_and_equal_values_share_one() -> None:
    scores = normal_scores(np.array([[3.0, 7.0], [1.0, 7.0], [2.0, 7.0]]))
    np.testing.assert_allclose(scores[:, 0], [0.96742, -0.96742, 0.0], atol=1e-5)
    np.testing.assert_array_equal(scores[:, 1], 0.0)


def test_ranks_undo_the_saturation_of_tanh_where_values_stay_distinct() -> None:
    x, y = PAIRS["linear"]
    saturated = np.tanh(3 * x), np.tanh(3 * y)
    assert value("ksg/rank", saturated) == pytest.approx(value("ksg/rank", (x, y)), abs=1e-6)
    assert value("ksg/balanced", saturated) < value("ksg/balanced", (x, y)) - 0.5


def test_a_unit_of_faint_noise_weighs_as_much_as_any_other_in_ranks() -> None:
    assert (
        value("ksg/rank", PAIRS["one large unit of twenty"])
        < value("ksg/balanced", PAIRS["one large unit of twenty"]) / 2
    )


def linear(n: int, dx: int, dy: int, rho: float, seed: int) -> Samples:
    """Gaussians with -1/2 log2(1 - rho^2) bits, between their first columns."""
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(n, dx)), generator.normal(size=(n, dy))
    y[:, 0] = rho * x[:, 0] + np.sqrt(1 - rho**2) * y[:, 0]
    return x, y @ turn(dy, 3)


@pytest.mark.parametrize(("n", "dx", "dy", "rho"), [(100, 8, 10, 0.0), (100, 8, 10, 0.9), (30, 2, 3, 0.6)])
def test_the_gaussian_value_has_no_bias_and_its_error_is_its_spread(n: int, dx: int, dy: int, rho: float) -> None:
    found = [GAUSSIAN(*linear(n, dx, dy, rho, seed)) for seed in range(120)]
    values = np.array([one.value for one in found], float)
    spread = values.std(ddof=1)
    assert abs(values.mean() + 0.5 * log2(1 - rho**2)) < 3.5 * spread / np.sqrt(len(values))
    assert 0.8 < np.mean([one.standard_error or 0.0 for one in found]) / spread < 1.25


def test_the_gaussian_error_holds_for_long_tails_too() -> None:
    found = []
    for seed in range(100):
        x, noise = np.random.default_rng(seed).standard_t(5, size=(2, 200, 3))
        found.append(GAUSSIAN(x, x + noise))
    spread = np.std([one.value for one in found], ddof=1)
    assert 0.75 < np.mean([one.standard_error or 0.0 for one in found]) / spread < 1.33


def test_layers_wider_than_a_tenth_of_the_samples_are_invariant_to_rotation_and_factor_alone() -> None:
    x, y = linear(300, 60, 60, 0.9, 0)
    x *= np.geomspace(1, 30, 60)
    before, turned = value("gaussian/affine", (x, y)), value("gaussian/affine", (7 * x @ turn(60, 1), y))
    assert turned == pytest.approx(before, abs=1e-6)
    assert abs(value("gaussian/affine", (x / np.geomspace(1, 30, 60), y)) - before) > 0.1


def test_the_gaussian_value_of_other_shapes_can_exceed_mi() -> None:
    assert value("gaussian/affine", PAIRS["corners of a cube"]) > 8.0  # the truth is 4 bits


def test_dead_and_repeated_units_leave_the_gaussian_value() -> None:
    x, y = PAIRS["linear"]
    wide = np.column_stack([x, np.full(len(x), 0.3), x[:, 0], x @ [1.0, 2.0, -1.0]])
    assert value("gaussian/affine", (wide, y)) == pytest.approx(value("gaussian/affine", (x, y)), abs=1e-9)


def test_the_sliced_error_is_the_spread_over_directions() -> None:
    x, y = PAIRS["one of two units matters"]
    found = [SLICED(x[:60], y[:60], seed=seed, threads=1) for seed in range(20)]
    spread = np.std([one.value for one in found], ddof=1)
    assert 0.7 < np.mean([one.standard_error or 0.0 for one in found]) / spread < 1.4
    assert SLICES == 100


def test_the_sliced_value_falls_with_the_number_of_units_though_mi_rises() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 10))
    y = x + 0.5 * generator.normal(size=x.shape)
    found = [value("sliced/balanced", (x[:, :d], y[:, :d])) for d in (1, 3, 10)]
    assert found[0] > 2 * found[1] > 4 * found[2]


def test_the_plug_in_value_of_independent_symbols_is_the_bias_that_is_stated() -> None:
    values = []
    for seed in range(300):
        x, y = np.random.default_rng(seed).integers(0, 4, size=(2, 200, 1))
        values.append(value("binned/range", (x, y)))
    assert np.mean(values) == pytest.approx(3 * 3 / (2 * 200 * log(2)), rel=0.1)


def test_twenty_unrelated_units_read_log2_of_the_number_of_samples_when_binned() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 500, 20))
    found = BINNED(x, y)
    assert (found.value, found.ceiling) == (pytest.approx(log2(500)), log2(500))
    assert found.saturated


def test_the_channel_asks_nothing_of_x_and_noise_is_its_unit() -> None:
    x, y = PAIRS["linear"]
    assert MEASURES["channel/noise 1"](np.zeros((len(y), 1)), y) == MEASURES["channel/noise 1"](x, y)
    coarse, rescaled = with_noise(0.5)(x, y), with_noise(1.5)(x, 3 * y)
    assert coarse.value == pytest.approx(rescaled.value, abs=1e-9)
    assert coarse.lower is not None
    assert coarse.upper is not None
    assert coarse.lower <= (coarse.value or 0.0) <= coarse.upper


def test_the_page_says_of_each_measure_what_the_registry_says() -> None:
    page = PAGE.read_text()
    for key, one in MEASURES.items():
        maps = ", ".join(name for name in MAPS if name in one.invariances)
        assert f"| `{key}` | {maps} | {one.shows} |" in page
    for name, meaning in MAPS.items():
        assert f"* {name}: {meaning}" in page

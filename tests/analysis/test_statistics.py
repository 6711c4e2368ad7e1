"""Statistics of few seeds: intervals that hold what they promise, the same bytes each time, defined at every edge."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import (
    Estimate,
    fewest_seeds,
    holm,
    lie_on_both_sides,
    mean_over_cells,
    p_beyond,
    rank_correlation,
    spearman,
)

NUMBERS = st.floats(-100, 100).map(lambda number: round(number, 3))
CELLS = st.lists(st.lists(NUMBERS, min_size=2, max_size=5), min_size=1, max_size=4)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12)
FEW = settings(max_examples=40, deadline=None)


def by_seed(cells: Sequence[Sequence[float]]) -> list[dict[int, float]]:
    """The numbers of a cell as those of seeds 0, 1, 2, ..."""
    return [dict(enumerate(map(float, cell))) for cell in cells]


@FEW
@given(CELLS)
def test_an_interval_holds_its_value_and_the_same_input_gives_the_same_bytes(cells: list[list[float]]) -> None:
    found = mean_over_cells(by_seed(cells))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.n == max(map(len, cells))
    assert repr(found) == repr(mean_over_cells(by_seed(cells)))


@FEW
@given(CELLS, st.floats(1, 50))
def test_a_shift_of_every_number_shifts_value_and_interval(cells: list[list[float]], shift: float) -> None:
    before = mean_over_cells(by_seed(cells))
    after = mean_over_cells(by_seed([[number + shift for number in cell] for cell in cells]))
    assert after.value - before.value == pytest.approx(shift, abs=1e-6)
    assert after.low - before.low == pytest.approx(shift, abs=1e-5)
    assert after.high - before.high == pytest.approx(shift, abs=1e-5)
    assert after.value > before.value


@FEW
@given(CELLS)
def test_mirrored_numbers_give_the_mirrored_value_and_the_same_p(cells: list[list[float]]) -> None:
    found, mirrored = (mean_over_cells(by_seed([[sign * x for x in cell] for cell in cells])) for sign in (1, -1))
    assert mirrored.value == pytest.approx(-found.value, abs=1e-9)
    assert mirrored.p == pytest.approx(found.p)


@pytest.mark.parametrize(("cells", "seeds"), [(1, 3), (1, 6), (4, 3), (4, 8)])
@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_intervals_hold_the_truth_as_often_as_they_promise_whatever_seeds_share(
    cells: int, seeds: int, shared: float
) -> None:
    generator = np.random.default_rng(7)
    own, of_seeds = generator.normal(size=(600, cells, seeds)), generator.normal(size=(600, 1, seeds))
    draws = np.sqrt(shared) * of_seeds + np.sqrt(1 - shared) * own
    found = [mean_over_cells(by_seed(draw)) for draw in draws]
    covered = np.mean([one.low <= 0 <= one.high for one in found])
    assert 0.925 <= covered <= 0.975
    assert np.mean([one.p < 0.05 for one in found]) <= 0.065


def test_seeds_that_lack_a_cell_are_seeds_all_the_same() -> None:
    found = mean_over_cells([{0: 1.0, 1: 2.0, 2: 3.0}, {0: 5.0, 2: 6.0}])
    assert found.value == (2.0 + 5.5) / 2
    assert found.n == 3
    assert found.low < found.value < found.high


def test_the_interval_of_one_cell_is_students() -> None:
    cell = np.random.default_rng(1).normal(0.4, 1, 8)
    low, high = stats.t.interval(0.95, 7, cell.mean(), stats.sem(cell))
    found = mean_over_cells(by_seed([cell]))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_p_is_the_share_of_signs_of_whole_seeds_that_give_as_large_a_mean() -> None:
    cells = np.random.default_rng(3).normal(0.5, 1, (3, 7))
    means = np.array([cells.mean(axis=0) @ signs for signs in itertools.product((1, -1), repeat=7)])
    share = np.mean(np.abs(means) >= abs(cells.mean(axis=0).sum()) - 1e-9)
    assert mean_over_cells(by_seed(cells)).p == pytest.approx(share)


def test_few_seeds_cannot_reach_five_percent_and_it_is_known_how_many_can() -> None:
    assert [fewest_seeds(tests) for tests in (1, 2, 3)] == [6, 7, 7]
    for seeds, p in ((5, 2.0**-4), (6, 2.0**-5)):
        assert mean_over_cells(by_seed([np.arange(1, seeds + 1)])).p == p


def test_every_cell_counts_alike_however_many_seeds_it_has() -> None:
    assert mean_over_cells(by_seed([[0.0, 0.0, 0.0, 0.0], [3.0, 5.0]])).value == 2.0


def test_a_single_seed_gives_a_value_and_nothing_about_its_certainty() -> None:
    assert mean_over_cells([{0: 3.0}]) == Estimate(3.0, None, None, 1, None)
    assert mean_over_cells([{0: 3.0}, {0: 1.0}]).low is None


def test_equal_numbers_have_no_spread_and_only_their_count_says_something() -> None:
    assert mean_over_cells(by_seed([[0.1] * 3])) == Estimate(0.1, 0.1, 0.1, 3, 0.25)
    assert mean_over_cells(by_seed([[0.1] * 3]), null=0.1).p == 1.0
    assert mean_over_cells(by_seed([[2.0] * 8, [2.0] * 8])).p == 2.0**-7


@pytest.mark.parametrize("cells", [[], [{}], [{0: 1.0, 1: math.nan}], [{0: math.inf}]])
def test_what_is_not_a_number_is_refused(cells: list[dict[int, float]]) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        mean_over_cells(cells)


def test_that_an_effect_is_small_takes_both_one_sided_tests_of_whole_seeds() -> None:
    numbers = np.random.default_rng(0).normal(0.02, 0.05, 9)
    signs = np.array(list(itertools.product((1, -1), repeat=9)))
    for margin in (0.01, 0.05, 0.08, 0.2):
        ends = [np.mean(signs @ away >= away.sum() - 1e-12) for away in (numbers + margin, margin - numbers)]
        assert p_beyond(by_seed([numbers]), 0.0, margin) == pytest.approx(max(ends))
    assert p_beyond(by_seed([numbers, numbers]), 0.0, 0.08) == pytest.approx(p_beyond(by_seed([numbers]), 0.0, 0.08))
    assert [p_beyond(by_seed([[0.1] * seeds]), 0.0, 1.0) for seeds in (1, 4, 5)] == [2.0**-1, 2.0**-4, 2.0**-5]
    assert p_beyond(by_seed([[0.1] * 9]), 0.0, 0.05) == 1.0


def test_an_effect_at_the_margin_is_called_small_as_often_as_promised_whatever_seeds_share() -> None:
    generator = np.random.default_rng(2)
    for shared in (0.0, 0.7):
        draws = np.sqrt(shared) * generator.normal(size=(500, 1, 9)) + np.sqrt(1 - shared) * generator.normal(
            size=(500, 4, 9)
        )
        assert np.mean([p_beyond(by_seed(0.3 + 0.1 * draw), 0.0, 0.3) < 0.05 for draw in draws]) <= 0.075


@pytest.mark.parametrize(
    ("means", "expected"), [((1, -1), True), ((1, 0), False), ((0.05, -0.05), False), ((1, 2), False)]
)
def test_cells_lie_on_both_sides_where_some_are_certainly_above_and_others_below(
    means: tuple[float, float], expected: bool
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 8))
    assert lie_on_both_sides(by_seed(noise + np.array(means)[:, None]), 0.0, 0.1) is expected


def test_cells_of_one_mean_lie_on_both_sides_in_five_percent_at_most_whatever_seeds_share() -> None:
    generator = np.random.default_rng(5)
    for shared in (0.0, 0.8):
        draws = np.sqrt(shared) * generator.normal(size=(400, 1, 5)) + np.sqrt(1 - shared) * generator.normal(
            size=(400, 9, 5)
        )
        assert np.mean([lie_on_both_sides(by_seed(draw), 0.0, 0.0) for draw in draws]) <= 0.05


@FEW
@given(PAIRS)
def test_rank_correlation_is_spearmans_defined_for_ties_and_constants(pairs: list[tuple[float, float]]) -> None:
    x, y = zip(*pairs, strict=True)
    found = rank_correlation(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert found is None
        return
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found == rank_correlation(x, y)
    if len(pairs) < statistics.FEWEST_PAIRS:
        assert (found.low, found.high, found.p) == (None, None, None)
    elif abs(found.value) > 1 - 1e-9:
        assert (found.low, found.high) == (None, None)
        assert 0 < found.p <= 1
    else:
        assert -1 <= found.low <= found.value <= found.high <= 1
        assert 0 < found.p <= 1


@FEW
@given(PAIRS)
def test_rank_correlation_does_not_change_under_rising_functions(pairs: list[tuple[float, float]]) -> None:
    x, y = zip(*pairs, strict=True)
    before, after = spearman(x, y), spearman([math.atan(number / 50) for number in x], [3 * number + 7 for number in y])
    assert before == pytest.approx(after)


def test_p_of_a_rank_correlation_is_the_share_of_pairings_as_extreme() -> None:
    x, y = [1, 2, 3, 4, 5], [2, 1, 3, 5, 4]
    value = spearman(x, y)
    assert value is not None
    others = [spearman(x, pairing) for pairing in itertools.permutations(y)]
    share = np.mean([abs(other) >= abs(value) - 1e-12 for other in others])
    assert rank_correlation(x, y).p == pytest.approx(share)


def test_the_interval_of_a_rank_correlation_is_as_wide_as_few_pairs_allow() -> None:
    """Of four pairs next to nothing is known; a bootstrap of them would say [-1, -0.8]."""
    few = rank_correlation([1, 2, 3, 4], [4, 3, 1, 2])
    assert few.value == pytest.approx(-0.8)
    assert few.low is None or (few.low < -0.99 and few.high > 0.7)


@pytest.mark.slow
def test_the_interval_of_a_rank_correlation_covers_the_truth_as_often_as_it_says() -> None:
    """Of 400 samples of 12 pairs from a normal distribution with Spearman's rho 0.5."""
    random, covered = np.random.default_rng(0), 0
    r = 2 * math.sin(math.pi / 6 * 0.5)
    for _ in range(400):
        x, z = random.normal(size=(2, 12))
        found = rank_correlation(x, r * x + math.sqrt(1 - r * r) * z)
        covered += found.low is None or found.low <= 0.5 <= found.high
    assert 0.92 <= covered / 400 <= 1.0


def test_rank_correlation_refuses_what_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="equal length"):
        rank_correlation([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="finite"):
        rank_correlation([1.0, math.nan], [1.0, 2.0])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_keeps_their_order_and_stays_below_bonferroni(p_values: list[float]) -> None:
    corrected = holm(p_values)
    for p, new in zip(p_values, corrected, strict=True):
        assert p <= new <= min(1.0, len(p_values) * p) or new == pytest.approx(p)
    order = np.argsort(p_values, kind="stable")
    assert all(np.diff(np.array(corrected)[order]) >= 0)


def test_holm_of_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

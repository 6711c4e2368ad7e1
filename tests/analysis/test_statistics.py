"""Statistics of few seeds: intervals that hold what they promise, the same bytes each time, defined at every edge."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import statistics
from analysis.statistics import Estimate, differ, holm, mean_over_cells, rank_correlation, spearman

NUMBERS = st.floats(-100, 100).map(lambda number: round(number, 3))
CELLS = st.lists(st.lists(NUMBERS, min_size=2, max_size=5), min_size=1, max_size=4)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12)
FEW = settings(max_examples=40, deadline=None)


@FEW
@given(CELLS)
def test_an_interval_holds_its_value_and_the_same_input_gives_the_same_bytes(cells: list[list[float]]) -> None:
    found = mean_over_cells(cells)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.n == sum(map(len, cells))
    assert repr(found) == repr(mean_over_cells(cells))


@FEW
@given(CELLS, st.floats(1, 50))
def test_a_shift_of_every_number_shifts_value_and_interval(cells: list[list[float]], shift: float) -> None:
    before, after = mean_over_cells(cells), mean_over_cells([[number + shift for number in cell] for cell in cells])
    assert after.value - before.value == pytest.approx(shift, abs=1e-6)
    assert after.low - before.low == pytest.approx(shift, abs=1e-6)
    assert after.high - before.high == pytest.approx(shift, abs=1e-6)
    assert after.value > before.value


@FEW
@given(CELLS)
def test_mirrored_numbers_give_the_mirrored_value_and_the_same_p(cells: list[list[float]]) -> None:
    found, mirrored = mean_over_cells(cells), mean_over_cells([[-number for number in cell] for cell in cells])
    assert mirrored.value == pytest.approx(-found.value, abs=1e-9)
    assert mirrored.p == pytest.approx(found.p)


@pytest.mark.parametrize(("cells", "seeds"), [(1, 3), (1, 5), (4, 2), (4, 5)])
@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_of_few_seeds_hold_the_truth_about_as_often_as_they_promise(
    monkeypatch: pytest.MonkeyPatch, cells: int, seeds: int, skewed: bool
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 499)
    generator = np.random.default_rng(7)
    draws = (generator.exponential if skewed else generator.normal)(size=(300, cells, seeds))
    truth = 1.0 if skewed else 0.0
    found = [mean_over_cells(draw) for draw in draws]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert (0.85 if skewed else 0.92) <= covered <= 0.999


def test_p_is_welchs_t_and_agrees_with_scipy_on_one_cell() -> None:
    cell = np.random.default_rng(1).normal(0.4, 1, 8)
    assert mean_over_cells([cell], null=0.1).p == pytest.approx(stats.ttest_1samp(cell, 0.1).pvalue)


def test_every_cell_counts_alike_however_many_seeds_it_has() -> None:
    assert mean_over_cells([[0.0, 0.0, 0.0, 0.0], [3.0, 5.0]]).value == 2.0


def test_a_single_seed_gives_a_value_and_nothing_about_its_certainty() -> None:
    assert mean_over_cells([[3.0]]) == Estimate(3.0, None, None, 1, None)
    assert mean_over_cells([[1.0, 2.0], [3.0]]).low is None


def test_equal_numbers_have_no_spread_and_only_their_count_says_something() -> None:
    assert mean_over_cells([[0.1] * 3]) == Estimate(0.1, 0.1, 0.1, 3, 0.25)
    assert mean_over_cells([[0.1] * 3], null=0.1).p == 1.0
    assert mean_over_cells([[2.0] * 8, [2.0] * 8]).p == 2.0**-15


@pytest.mark.parametrize("cells", [[], [[]], [[1.0, math.nan]], [[math.inf]]])
def test_what_is_not_a_number_is_refused(cells: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        mean_over_cells(cells)


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


def test_cells_differ_by_more_than_their_seeds() -> None:
    assert differ([[1.0, 1.1, 0.9], [3.0, 3.2, 2.9]]) < 0.001
    assert differ([[1.0, 3.0, 2.0], [2.1, 1.2, 2.9]]) > 0.5


def test_whether_cells_differ_cannot_be_told_of_one_or_of_single_seeds() -> None:
    assert differ([[1.0, 2.0]]) == differ([[1.0], [5.0]]) == differ([[2.0, 2.0], [2.0, 2.0]]) == 1.0
    assert differ([[1.0, 1.0], [2.0, 2.0]]) == 0.0

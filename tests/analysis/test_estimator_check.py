"""The estimator tried on known truths, at the sizes that a sweep measures."""

import numpy as np

from analysis.report.estimator_check import Size, check, sizes
from sweep.store import load


def test_a_few_coordinates_are_told_and_many_are_missed() -> None:
    found = check(Size(2000, 3, 20, 40))
    assert [row.coordinates for row in found.rows] == [1, 3, 10, 20]
    np.testing.assert_allclose(found.rows[0].estimates_bits[:3], [1, 2, 4], atol=0.15)
    assert max(found.rows[-1].estimates_bits) < 2
    assert all(bits < found.ceiling_bits for row in found.rows for bits in row.estimates_bits)


def test_the_same_size_gives_the_same_numbers() -> None:
    assert check(Size(300, 3, 8, 8)) == check(Size(300, 3, 8, 8))


def test_few_units_hold_few_coordinates() -> None:
    assert [row.coordinates for row in check(Size(300, 3, 64, 2)).rows] == [1, 2]


def test_sizes_are_those_of_what_is_measured() -> None:
    paper = load("paper", ["grid.width=[10, 50]", "grid.seed=[0]"]).points
    assert sizes(paper) == [Size(10_000, 3, 20, 20), Size(10_000, 3, 100, 100)]
    isometry = load("isometry", ["grid.width=[50]", "measure.neighbors=5"]).points
    assert sizes(isometry) == [Size(2000, 5, 784, 100)]

"""The estimator tried on known truths, at the sizes that a sweep measures."""

import numpy as np

from analysis.report.estimator_check import Size, check, sizes, what_they_show
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
    assert sizes(isometry) == [Size(500, 5, 784, 100)]


def test_every_other_measure_of_pairs_is_tried_on_the_same_truths() -> None:
    found = check(Size(400, 3, 8, 8), ["rank", "gaussian", "binned", "channel"])
    assert [(row.key, row.coordinates) for row in found.measures] == [
        (key, m) for key in ("ksg/rank", "gaussian/affine", "binned/range") for m in (3, 8)
    ]
    by_key = {(row.key, row.coordinates): row.values_bits for row in found.measures}
    np.testing.assert_allclose(by_key["gaussian/affine", 3], [1, 2, 4, 8], atol=0.3)
    assert min(by_key["binned/range", 8]) > 8  # log2 N, whatever the truth


def test_every_measure_says_what_it_can_and_cannot_show() -> None:
    points = load("demo", ["measure.measures=[rank, channel, geometry]", "measure.noise=0.5"]).points
    said = what_they_show(points)
    assert {"ksg/rank", "channel/noise 0.5", "twonn_dimension", "isometry_deviation"} < set(said)
    assert all(len(words.split()) > 8 for words in said.values())
    assert what_they_show(load("demo").points) == {}

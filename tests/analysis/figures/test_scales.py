"""Axes have some, but not too many, round numbers on them, and these lie within what is drawn."""

import pytest
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing.scales import epoch_axis, number_axis


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.5, 3.0, [0.5, 0.7, 1, 1.5, 2, 3]),
        (0.8, 2.0, [0.8, 0.9, 1, 1.2, 1.5, 2]),
        (1, 200, [1, 3, 10, 30, 100]),
        (0.06, 0.3, [0.07, 0.1, 0.15, 0.2, 0.3]),
    ],
)
def test_ticks_of_a_logarithmic_axis(low: float, high: float, ticks: list[float]) -> None:
    axis = Canvas().subplots()
    axis.set_xscale("log")
    number_axis(axis.xaxis, low, high)
    assert list(axis.get_xticks()) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("epochs", "scale"),
    [
        ([0, 1, 2, 4, 8, 16, 20], "symlog"),
        (list(range(40)), "linear"),
        ([0, 200], "linear"),
        (range(0, 100, 7), "linear"),
    ],
)
def test_epochs_are_on_a_logarithmic_axis_where_they_lie_ever_further_apart(epochs: list[int], scale: str) -> None:
    axis = Canvas().subplots()
    epoch_axis(axis, epochs)
    assert axis.get_xscale() == scale
    if scale == "symlog":
        assert axis.get_xlim()[0] < 0 < epochs[-1] < axis.get_xlim()[1]
        assert axis.get_xticks()[0] == 0

"""Networks whose weights are frozen stand beside the trained ones, in grey, and in no statistic of these."""

from collections.abc import Callable

import pandas as pd
import pytest

from analysis.figures import FIGURES, FigureData
from analysis.figures.drawing.style import CONTROL_COLOUR, CONTROL_LABEL
from analysis.figures.rows.slices import choose

WITH_TWINS = ("fig4a", "fig4b", "fig5a", "fig5b", "learning_curves")
Tables = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture
def twins(sweep: Callable[..., Tables]) -> Callable[..., Tables]:
    def made(**grid: object) -> Tables:
        parts = [sweep(seeds=range(3), epochs=6, frozen=frozen, **grid) for frozen in (False, True)]
        epochs, points = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
        return epochs.drop(columns="frozen"), points

    return made


def everything(twins: Callable[..., Tables]) -> Tables:
    networks = ("mlp", "shortcut", "resnet", "shortcut_resnet")
    return twins(architectures=networks, widths=(10, 50), depths=(3, 5))


def labels(data: FigureData, name: str) -> list[str]:
    return [text.get_text() for legend in FIGURES[name].draw(data).legends for text in legend.get_texts()]


@pytest.mark.parametrize("name", WITH_TWINS)
def test_twins_are_drawn_in_grey_and_said_to_be_the_control(name: str, twins: Callable[..., Tables]) -> None:
    data = FIGURES[name].table(*everything(twins))
    runs = data.table.drop_duplicates(["point_id"]).dropna(subset=["point_id"])
    assert sum(runs["frozen"]) == sum(~runs["frozen"].astype(bool)) > 0
    assert "Grey: the control" in data.caption
    assert CONTROL_LABEL in labels(data, name)
    lines = [line for axis in FIGURES[name].draw(data).axes for line in axis.lines]
    assert any(line.get_color() == CONTROL_COLOUR for line in lines)


@pytest.mark.parametrize(
    "name", [WITH_TWINS[0], *(pytest.param(one, marks=pytest.mark.slow) for one in WITH_TWINS[1:])]
)
def test_a_sweep_without_twins_speaks_of_none(name: str, twins: Callable[..., Tables]) -> None:
    epochs, points = everything(twins)
    data = FIGURES[name].table(epochs, points[~points["frozen"]])
    assert not data.table["frozen"].any()
    assert "Grey" not in data.caption
    assert CONTROL_LABEL not in labels(data, name)


@pytest.mark.parametrize("name", ["heat_maps", "mi_against_error", "performance_profile"])
def test_no_figure_of_trained_networks_counts_a_frozen_one(name: str, twins: Callable[..., Tables]) -> None:
    epochs, points = everything(twins)
    alone = FIGURES[name].table(epochs, points[~points["frozen"]])
    pd.testing.assert_frame_equal(FIGURES[name].table(epochs, points).table, alone.table)


def test_the_medians_of_trained_networks_are_of_them_alone(twins: Callable[..., Tables]) -> None:
    epochs, points = everything(twins)
    curves = FIGURES["learning_curves"].table(epochs, points).table
    alone = FIGURES["learning_curves"].table(epochs, points[~points["frozen"]]).table
    trained = curves[~curves["frozen"].astype(bool)].reset_index(drop=True)
    pd.testing.assert_frame_equal(trained, alone.reset_index(drop=True), check_dtype=False)


def test_a_sweep_of_frozen_networks_alone_is_shown_as_such(twins: Callable[..., Tables]) -> None:
    epochs, points = everything(twins)
    data = FIGURES["fig4a"].table(epochs, points[points["frozen"]])
    assert len(data.table)
    assert "frozen weights" in data.caption


def test_a_control_is_like_its_slice_in_all_but_being_frozen(twins: Callable[..., Tables]) -> None:
    points = twins(widths=(10, 50), depths=(3, 5))[1]
    shown = choose(points, set(points["point_id"]), ["architecture", "width"], ["mlp", "shortcut"])
    assert set(shown.controls["depth"]) == {shown.fixed["depth"]}
    assert shown.controls["frozen"].all()
    assert not shown.points["frozen"].any()

"""What a reader sees: panels, warnings, marks; and that the files are reproducible."""

import os
import subprocess
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from analysis.figures import FIGURES, FigureData, NothingToDraw, save
from analysis.figures.drawing import marks
from analysis.figures.drawing.style import ordered_colours
from tests.analysis.figures.conftest import make_sweep, make_unfinished
from tests.processes import program

Draw = Callable[[str, bool], tuple[FigureData, Canvas]]
STATES = {0: ("running", 6), 1: ("diverged", 3), 2: ("failed", 4), 3: ("interrupted", 5), 4: ("missing", 0)}


@pytest.fixture(scope="module")
def drawn(example) -> Draw:
    """The table and the drawing of a figure, of its example or of that example incomplete, made once."""

    @cache
    def draw(name: str, incomplete: bool) -> tuple[FigureData, Canvas]:
        data = FIGURES[name].table(*(make_unfinished(*example(name), STATES) if incomplete else example(name)))
        return data, FIGURES[name].draw(data)

    return draw


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("incomplete", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_figure_draws_and_no_word_leaves_the_sheet(name, incomplete, drawn):
    _, canvas = drawn(name, incomplete)
    FigureCanvasAgg(canvas).draw()
    labels = [label for axis in canvas.axes for label in (axis.title, axis.xaxis.label, axis.yaxis.label)]
    for artist in [*canvas.texts, *canvas.legends, *labels]:
        box = artist.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= canvas.bbox.width, artist
        assert 0 <= box.y0 <= box.y1 <= canvas.bbox.height, artist
    boxes = [legend.get_window_extent() for legend in canvas.legends]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


@pytest.mark.parametrize("name", FIGURES)
def test_a_complete_sweep_carries_no_warning_and_an_incomplete_one_says_so(name, drawn, words):
    complete, _ = drawn(name, False)
    assert complete.warnings == ()
    _, canvas = drawn(name, True)
    assert "incomplete" in words(canvas).lower()
    assert "27 of 32" in words(canvas)


def test_the_warning_counts_the_points_of_the_figure_by_state(sweep, cut_short, words):
    epochs, points = sweep(widths=(10, 50), seeds=range(2), epochs=6)
    states = {0: ("diverged", 3), 1: ("running", 3), 4: ("missing", 0)}
    data = FIGURES["fig4a"].table(*cut_short(epochs, points, states))
    assert data.warnings == ("5 of 8 points finished: incomplete (1 diverged, 1 running, 1 missing)",)
    assert data.warnings[0] in words(FIGURES["fig4a"].draw(data))
    assert "1 to 2 seeds" in data.caption


def test_unfinished_points_are_drawn_with_the_state_in_the_table(sweep, cut_short):
    data = FIGURES["fig4a"].table(*cut_short(*sweep(seeds=[0], epochs=6), {0: ("running", 3)}))
    assert data.table.loc[data.table["state"] == "running", "epoch"].tolist() == [0, 1, 2]
    labels = [text.get_text() for legend in FIGURES["fig4a"].draw(data).legends for text in legend.get_texts()]
    assert "stopped before its last epoch" in labels


WITHOUT_A_PANEL_PER_MI = {"performance_profile", "information_plane", "information_plane_channel", "timeline"} | {
    name for name in FIGURES if name.startswith("isometry")
}
"""Of one mutual information by their nature, or of none."""


QUICK = {"fig4a", "heat_maps"}
"""Drawn at every change; the others in the slow tier."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in FIGURES
        if name not in WITHOUT_A_PANEL_PER_MI
    ],
)
def test_a_panel_per_mutual_information_present(name, example, drawn):
    epochs, points = example(name)
    one = epochs.drop(columns="mutual_information_balanced_bits")
    _, both = drawn(name, False)
    alone = FIGURES[name].draw(FIGURES[name].table(one, points))
    empty = epochs.assign(mutual_information_bits=float("nan"))
    balanced = FIGURES[name].draw(FIGURES[name].table(empty, points))
    assert len(alone.axes) == len(balanced.axes)
    assert len(alone.axes) < len(both.axes), f"{name}: is it to be in WITHOUT_A_PANEL_PER_MI?"
    if name.startswith("fig"):
        assert [axis.get_title("left")[:13] for axis in both.axes] == ["KSG as NPEET ", "Balanced scal"]
        assert balanced.axes[0].get_title("left").startswith("Balanced")


def test_epoch_zero_is_an_open_mark(sweep):
    canvas = FIGURES["fig5a"].draw(FIGURES["fig5a"].table(*sweep(("resnet",), widths=(10,), seeds=[0], epochs=6)))
    lines = canvas.axes[0].get_lines()
    opened = [line for line in lines if line.get_markerfacecolor() == "white" and len(line.get_xdata()) == 1]
    assert len(opened) == 1
    assert opened[0].get_ydata()[0] == max(line.get_ydata()[0] for line in lines)


def test_a_sweep_at_initialization_only_draws(sweep):
    epochs, points = sweep(epochs=0)
    for name in ("fig4a", "fig4b", "fig5b"):
        FIGURES[name].draw(FIGURES[name].table(epochs, points))
    with pytest.raises(NothingToDraw, match="needs at least one trained point"):
        FIGURES["learning_curves"].table(epochs, points)


@pytest.mark.parametrize("name", FIGURES)
def test_what_a_figure_lacks_is_said_without_its_name_which_stands_before_it(name, sweep):
    epochs, points = sweep(epochs=1)
    with pytest.raises(NothingToDraw) as raised:
        FIGURES[name].table(epochs[:0], points[:0])
    assert name not in str(raised.value)
    assert str(raised.value).startswith("needs ")


@pytest.mark.parametrize(("errors", "scale"), [((0.9, 0.05), "log"), ((0.9, 0.2), "linear"), ((0.9, 0.0), "linear")])
def test_the_error_axis_is_logarithmic_beyond_a_decade(errors, scale, sweep):
    epochs, points = sweep(seeds=[0], epochs=1)
    epochs["test_error"] = epochs["epoch"].map(dict(enumerate(errors)))
    axis = FIGURES["fig4a"].draw(FIGURES["fig4a"].table(epochs, points)).axes[0]
    assert axis.get_yscale() == scale
    assert axis.get_ylim()[0] <= min(errors) <= max(errors) <= axis.get_ylim()[1]


def test_ordered_colours_grow_brighter_with_the_value_and_stay_readable():
    def luminance(colour: str) -> float:
        return sum(w * int(colour[i : i + 2], 16) for w, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5)))

    shades = ordered_colours([100, 10, 50, 20])
    assert list(shades) == [10, 20, 50, 100]
    levels = [luminance(shade) for shade in shades.values()]
    assert levels == sorted(levels)
    assert levels[-1] < 180


def test_save_writes_three_files_and_the_csv_is_the_table(full, tmp_path):
    paths = save("fig4a", *full, tmp_path / "new")
    assert [path.name for path in paths] == ["fig4a.png", "fig4a.pdf", "fig4a.csv"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in paths)
    assert paths[2].read_text() == FIGURES["fig4a"].table(*full).table.to_csv(index=False)


def test_nothing_is_written_when_there_is_nothing_to_draw(sweep, tmp_path):
    with pytest.raises(NothingToDraw):
        save("fig5a", *sweep(epochs=1), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_unknown_figure_names_those_that_exist(full, tmp_path):
    with pytest.raises(KeyError, match="fig4a, fig4b"):
        save("fig4c", *full, tmp_path)


@pytest.mark.slow
def test_the_same_data_give_the_same_bytes_in_another_process(sweep, tmp_path):
    epochs, points = sweep(widths=(10, 50), seeds=range(2), epochs=6)
    epochs.to_pickle(tmp_path / "epochs.pkl")
    points.to_pickle(tmp_path / "points.pkl")
    root = str(Path(__file__).parents[3])
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": root}
        subprocess.run(program("save_figures", hash_seed), cwd=tmp_path, env=environment, check=True)
    for first in sorted((tmp_path / "1").iterdir()):
        assert first.read_bytes() == (tmp_path / "2" / first.name).read_bytes(), first.name


@pytest.mark.parametrize(("x_end", "y_end", "turned"), [(3.0, 0.9, 0.0), (2.0, 0.1, -90.0)])
def test_arrows_point_along_the_run_and_never_sit_in_the_cloud_at_its_end(x_end, y_end, turned):
    canvas = Canvas(figsize=(4, 4))
    axis = canvas.subplots()
    axis.set(xlim=(1, 4), ylim=(0, 1))
    cloud = np.random.default_rng(0).normal(0, [[0.02, 0.005]], (200, 2))
    path = np.concatenate([np.linspace((2.0, 0.9), (x_end, y_end), 100), np.array([[x_end, y_end]]) + cloud])
    marks.arrows(axis, path[:, 0], path[:, 1], "#000000")
    assert len(axis.get_lines()) == 2
    for line in axis.get_lines():
        (a, b), (c, d) = line._marker._user_transform.get_matrix()[:2, :2]
        assert (a, b, c, d) == pytest.approx(
            (np.cos(np.deg2rad(turned)), -np.sin(np.deg2rad(turned)), np.sin(np.deg2rad(turned)), a), abs=0.1
        )
        assert abs(line.get_xdata()[0] - x_end) + abs(line.get_ydata()[0] - y_end) > 0.1


def test_a_run_that_hardly_moves_has_no_arrow():
    axis = Canvas(figsize=(4, 4)).subplots()
    axis.set(xlim=(1, 4), ylim=(0, 1))
    marks.arrows(axis, np.full(50, 2.0), np.full(50, 0.5), "#000000")
    assert axis.get_lines()[:] == []


def test_a_sweep_with_nothing_left_to_run_counts_its_diverged_points_and_is_not_called_incomplete(sweep, cut_short):
    data = FIGURES["fig4a"].table(*cut_short(*sweep(seeds=[0], epochs=6), {0: ("diverged", 3)}))
    assert data.warnings == ("3 of 4 points finished (1 diverged)",)


@pytest.mark.parametrize("name", ["learning_curves", "state_space"])
def test_panels_share_one_axis_of_epochs(name: str) -> None:
    epochs, points = make_sweep(epochs=20)
    late = points.loc[points["architecture"] == "shortcut", "point_id"]
    epochs = epochs[~epochs["point_id"].isin(late) | (epochs["epoch"] == 0)]
    figure = FIGURES[name]
    limits = {axis.get_xlim() for axis in figure.draw(figure.table(epochs, points)).axes}
    assert len(limits) == 1


@pytest.mark.parametrize("name", ["fig4a", "fig4b", "fig5a"])
def test_before_anything_is_trained_nothing_is_drawn(name: str) -> None:
    epochs, points = make_sweep(("mlp", "shortcut", "resnet"), depths=(5, 6), epochs=20)
    with pytest.raises(NothingToDraw, match="nothing is trained yet"):
        FIGURES[name].table(epochs[epochs["epoch"] == 0], points)

"""Which points a figure picks from a sweep that holds more than it needs."""

import pandas as pd
import pytest

from analysis.figures import FIGURES
from analysis.figures.rows.captions import describe
from analysis.figures.rows.slices import CONFIG_COLUMNS, choose
from trainables.config import TrialConfig


def together(*sweeps):
    return tuple(pd.concat(frames, ignore_index=True) for frames in zip(*sweeps, strict=True))


def chosen(points, own=("architecture", "width"), architectures=("mlp", "shortcut")):
    return choose(points, set(points["point_id"]), own, architectures)


def test_the_slice_shows_the_most_values_of_the_figures_own_variable(sweep):
    _, points = together(sweep(widths=(10, 20, 50), depths=(3,), epochs=1), sweep(widths=(10,), depths=(9,), epochs=1))
    assert chosen(points).fixed["depth"] == 3
    assert chosen(points, own=("architecture", "depth")).fixed["width"] == 10


def test_ties_go_to_more_points_and_then_to_the_larger_value(sweep):
    _, points = together(sweep(depths=(3,), seeds=range(3), epochs=1), sweep(depths=(9,), seeds=range(2), epochs=1))
    assert chosen(points).fixed["depth"] == 3
    _, points = sweep(depths=(3, 9, 10), seeds=[0], epochs=1)
    assert chosen(points).fixed["depth"] == 10


def test_ties_of_all_else_go_to_the_depth_and_width_of_the_presets(sweep):
    _, points = sweep(widths=(10, 20, 50), depths=(3, 5, 20), seeds=[0], epochs=1)
    assert chosen(points).fixed["depth"] == 5
    assert chosen(points, own=("architecture", "depth")).fixed["width"] == 50


def test_a_slice_with_all_architectures_beats_one_with_more_widths(sweep):
    _, points = together(
        sweep(("mlp",), widths=(10, 20, 50, 100), depths=(9,), epochs=1), sweep(widths=(10,), depths=(3,), epochs=1)
    )
    assert chosen(points).fixed["depth"] == 3


def test_every_config_column_is_held_fixed_and_a_choice_is_said(sweep):
    _, points = together(
        *(sweep(dataset=d, batch_norm_momentum=m, epochs=1) for d in ("digits", "mnist") for m in (0.9, 0.99))
    )
    part = chosen(points)
    assert part.points["batch_norm_momentum"].nunique() == part.points["dataset"].nunique() == 1
    assert "mnist (of digits, mnist)" in describe(part)
    assert "BatchNorm momentum 0.99 (of 0.9, 0.99)" in describe(part)


def test_unmeasured_points_do_not_attract_the_figure_but_belong_to_it(sweep):
    _, points = sweep(depths=(3, 9), seeds=range(2), epochs=1)
    measured = set(points.loc[(points["depth"] == 3) & (points["seed"] == 0), "point_id"])
    part = choose(points, measured, ("architecture", "width"), ("mlp", "shortcut"))
    assert part.fixed["depth"] == 3
    assert len(part.points) == 8


def test_results_and_breadth_of_measurement_split_no_slice(sweep):
    _, points = sweep(seeds=range(2), epochs=1)
    results = ["final_test_error", "wall_seconds", "mi_ceiling_bits", "failure_kind", "host", "device", "git_commit"]
    noisy = points.assign(**{name: range(len(points)) for name in results})
    noisy["measure_pairs"] = [["first-merged"], ["first-merged", "first-last"]] * (len(points) // 2)
    noisy["measure_every"] = [1, 10] * (len(points) // 2)
    assert chosen(noisy).fixed == chosen(points).fixed
    assert len(chosen(noisy).points) == len(points)


def test_the_projects_own_config_is_held_fixed_but_for_seed_and_breadth_of_measurement():
    assert set(CONFIG_COLUMNS) == set(TrialConfig().flat()) - {
        "seed",
        "measure_pairs",
        "measure_scales",
        "measure_every",
        "measure_measures",
        "measure_noise",
        "measure_noise_at",
    }


def test_empty_and_listed_config_values_can_be_held_fixed(sweep):
    _, points = sweep(epochs=1)
    points["gain"] = None
    points["measure_samples"] = [[1, 2]] * len(points)
    assert len(chosen(points).points) == len(points)


@pytest.mark.parametrize(("name", "own"), [("fig4a", "width"), ("fig4b", "depth"), ("fig5a", "width")])
def test_a_figure_varies_its_own_variable_and_the_seed_alone(name, own, full):
    table = FIGURES[name].table(*full).table
    varying = {column for column in ("dataset", "width", "depth") if table[column].nunique() > 1}
    assert varying == {own}


def test_fig5b_shows_four_architectures_at_one_width_and_depth(full):
    table = FIGURES["fig5b"].table(*full).table
    assert table["architecture"].nunique() == 4
    assert len(table[["width", "depth"]].drop_duplicates()) == 1

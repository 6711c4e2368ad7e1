"""The figures of how runs end, by hand-made ends: heat maps, ranks, profiles, state space."""

import math

import pandas as pd
import pytest

from analysis.figures import FIGURES, NothingToDraw
from analysis.figures.drawing.cells import norm

BITS, BALANCED = "mutual_information_bits", "mutual_information_balanced_bits"


def ended(sweep, errors: dict[tuple[object, ...], float], keys: list[str], **grid: object):
    """A sweep of one epoch whose last errors are those given, by the values of `keys`."""
    epochs, points = sweep(epochs=1, **grid)
    last = epochs["epoch"] == 1
    epochs.loc[last, "test_error"] = [errors[tuple(row)] for row in epochs.loc[last, keys].to_numpy().tolist()]
    return epochs, points


def test_a_cell_is_the_median_over_the_finished_seeds_and_says_how_many(sweep) -> None:
    errors = {(10, 0): 0.1, (10, 1): 0.2, (10, 2): 0.6, (50, 0): 0.3, (50, 1): 0.4, (50, 2): 0.9}
    grid = {"architectures": ["mlp"], "widths": [10, 50], "seeds": range(3)}
    epochs, points = ended(sweep, errors, ["width", "seed"], **grid)
    points.loc[(points["width"] == 50) & (points["seed"] == 2), "state"] = "diverged"
    table = FIGURES["heat_maps"].table(epochs, points).table
    assert table[["width", "depth", "test_error", "runs"]].to_numpy().tolist() == [[10, 5, 0.2, 3], [50, 5, 0.35, 2]]
    canvas = FIGURES["heat_maps"].draw(FIGURES["heat_maps"].table(epochs, points))
    assert [text.get_text() for text in canvas.axes[0].texts] == ["0.200\nn = 3", "0.350\nn = 2"]
    assert canvas.legends == []


def test_colours_are_explained_where_numbers_would_be_too_small(sweep) -> None:
    widths = list(range(10, 21))
    epochs, points = ended(
        sweep, {(width,): width / 100 for width in widths}, ["width"], architectures=["mlp"], widths=widths
    )
    canvas = FIGURES["heat_maps"].draw(FIGURES["heat_maps"].table(epochs, points))
    assert not canvas.axes[0].texts
    assert canvas.legends[0].get_title().get_text() == "Final test error"


def test_one_cell_is_no_map(sweep) -> None:
    with pytest.raises(NothingToDraw, match="needs finished, trained points of two or more widths or depths"):
        FIGURES["heat_maps"].table(*sweep(widths=[10], epochs=1))


@pytest.mark.parametrize("name", ["heat_maps", "mi_against_error", "performance_profile"])
def test_untrained_networks_have_no_final_error(name: str, sweep) -> None:
    with pytest.raises(NothingToDraw, match=r"needs .*trained points"):
        FIGURES[name].table(*sweep(epochs=0))


def test_a_scale_of_one_value_is_a_scale() -> None:
    assert norm([2.0, 2.0])(2.0) == 0.5
    assert norm([1.0, math.nan, 3.0])(3.0) == 1.0


def test_ranks_are_correlated_within_each_network(sweep) -> None:
    epochs, points = sweep(("mlp", "shortcut"), widths=[10], seeds=range(4), epochs=1)
    last = epochs["epoch"] == 1
    rank = epochs.loc[last, "seed"]
    epochs.loc[last, "test_error"] = 0.1 + rank / 10
    epochs.loc[last, BITS] = rank**2 * epochs.loc[last, "architecture"].map({"mlp": 1, "shortcut": -1})
    epochs.loc[last, BALANCED] = 1.0
    table = FIGURES["mi_against_error"].table(epochs, points).table
    assert table.groupby("architecture")[f"rank_correlation.{BITS}"].unique().map(list).to_dict() == {
        "mlp": [1.0],
        "shortcut": [-1.0],
    }
    assert table[f"rank_correlation.{BALANCED}"].isna().all()
    canvas = FIGURES["mi_against_error"].draw(FIGURES["mi_against_error"].table(epochs, points))
    left, right = ([text.get_text() for text in legend.get_texts()] for legend in canvas.legends)
    assert left == ["MLP: ρ = +1.00, n = 4", "MLP w/ shortcut: ρ = −1.00, n = 4"]
    assert right == ["MLP: no ρ, n = 4", "MLP w/ shortcut: no ρ, n = 4"]


def test_three_runs_have_no_rank_correlation(sweep) -> None:
    table = FIGURES["mi_against_error"].table(*sweep(("mlp",), widths=[10], seeds=range(3), epochs=1)).table
    assert table[f"rank_correlation.{BITS}"].isna().all()


def test_a_profile_is_the_share_of_runs_at_or_below_and_diverged_runs_never_are(sweep) -> None:
    errors = {("mlp", 0): 0.1, ("mlp", 1): 0.2, ("mlp", 2): 0.01, ("shortcut", 0): 0.1, ("shortcut", 1): 0.1}
    errors |= {("shortcut", 2): 0.3}
    epochs, points = ended(sweep, errors, ["architecture", "seed"], widths=[10], seeds=range(3))
    points.loc[(points["architecture"] == "mlp") & (points["seed"] == 2), "state"] = "diverged"
    table = FIGURES["performance_profile"].table(epochs, points).table
    found = {name: runs.set_index("test_error")["share"].to_dict() for name, runs in table.groupby("architecture")}
    assert found == {
        "mlp": {0.1: pytest.approx(1 / 3), 0.2: pytest.approx(2 / 3), 0.3: pytest.approx(2 / 3)},
        "shortcut": {0.1: pytest.approx(2 / 3), 0.2: pytest.approx(2 / 3), 0.3: 1.0},
    }
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    again = FIGURES["performance_profile"].table(epochs, points).table
    pd.testing.assert_frame_equal(again, table)


def test_networks_are_profiled_at_the_widths_and_depths_that_all_of_them_have(sweep) -> None:
    wide, narrow = sweep(("mlp",), widths=[10, 50], epochs=1), sweep(("shortcut",), widths=[10], epochs=1)
    both = [pd.concat(frames, ignore_index=True) for frames in zip(wide, narrow, strict=True)]
    table = FIGURES["performance_profile"].table(*both).table
    assert table.groupby("architecture")["runs"].first().to_dict() == {"mlp": 3, "shortcut": 3}


def test_two_seeds_carry_no_band(sweep) -> None:
    assert FIGURES["performance_profile"].table(*sweep(seeds=range(2), epochs=1)).table["low"].isna().all()


def test_the_reduction_is_n_layers_times_mi_and_so_is_its_ceiling(sweep) -> None:
    epochs, points = sweep(("mlp",), widths=[10], depths=(3, 7), seeds=[0], epochs=2)
    table = FIGURES["state_space"].table(epochs, points.assign(mi_ceiling_bits=11.5)).table
    runs = table[table["statistic"] == "run"].set_index(["depth", "epoch"])
    raw = epochs.set_index(["depth", "epoch"])
    for depth in (3, 7):
        assert runs.loc[(depth, 2), "reduction_bits"] == depth * raw.loc[(depth, 2), BITS]
        assert runs.loc[(depth, 2), "reduction_balanced_bits"] == depth * raw.loc[(depth, 2), BALANCED]
        assert runs.loc[(depth, 0), "ceiling_bits"] == depth * 11.5
    canvas = FIGURES["state_space"].draw(FIGURES["state_space"].table(epochs, points.assign(mi_ceiling_bits=11.5)))
    dotted = [line.get_ydata()[0] for line in canvas.axes[0].get_lines() if line.get_linestyle() == ":"]
    assert dotted == [3 * 11.5, 7 * 11.5]

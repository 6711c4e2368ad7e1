"""The figures of pairs of layers: which rows they take, and where these land."""

import pandas as pd
import pytest

from analysis.figures import FIGURES, NothingToDraw
from analysis.figures.rows.layer_rows import between, with_input, with_label
from tests.analysis.figures.conftest import make_plane

BITS, BALANCED = "mutual_information_bits", "mutual_information_balanced_bits"
POINTS = pd.DataFrame([{"point_id": "a", "state": "finished", "gain": 2.0}])


def rows(*pairs: str) -> pd.DataFrame:
    identity = {"point_id": "a", "architecture": "mlp", "width": 3, "depth": 12, "seed": 0, "epoch": 0}
    return pd.DataFrame([identity | {"pair": pair} for pair in pairs])


def test_pairs_are_told_apart_by_their_names_and_sorted_as_numbers() -> None:
    named = rows("input-10", "input-2", "10-label", "2-label", "2-10", "2-3", "first-merged", "first-last", "input-x")
    assert with_input(named, POINTS)["layer"].tolist() == [2, 10]
    assert with_label(named, POINTS)["layer"].tolist() == [2, 10]
    assert between(named, POINTS)[["earlier", "later"]].to_numpy().tolist() == [[2, 3], [2, 10]]
    assert with_input(named, POINTS, ["gain"])[["gain", "state"]].to_numpy().tolist() == [[2.0, "finished"]] * 2
    assert with_input(pd.concat([named, named]), POINTS)["layer"].tolist() == [2, 10]


def test_the_plane_takes_input_balanced_and_label_as_it_is() -> None:
    epochs, points = make_plane(seeds=[0], depth=3, epochs=2)
    data = FIGURES["information_plane"].table(epochs, points)
    row = data.table.iloc[0]
    raw = epochs[(epochs["point_id"] == row["point_id"]) & (epochs["epoch"] == 0)].set_index("pair")
    assert row["layer"] == 1
    assert row["input_information_balanced_bits"] == raw.loc["input-1", BALANCED]
    assert row["label_information_bits"] == raw.loc["1-label", BITS]
    assert len(data.table) == 4 * 3 * 3
    assert "geometry" in data.caption
    noisy = FIGURES["information_plane"].table(epochs, points.assign(channel_noise=0.1))
    assert "geometry" not in noisy.caption


@pytest.mark.parametrize("kept", ["input", "label"])
def test_the_plane_needs_both_of_its_axes(kept: str) -> None:
    epochs, points = make_plane(seeds=[0])
    with pytest.raises(NothingToDraw, match="needs MI of the layers with both"):
        FIGURES["information_plane"].table(epochs[epochs["pair"].str.contains(kept)], points)


def test_successive_layers_are_neighbors_only() -> None:
    table = FIGURES["successive_layers"].table(*make_plane(depth=4)).table
    assert set(table["pair"].dropna()) == {"1-2", "2-3", "3-4"}
    assert table[table["statistic"] == "median"].groupby("architecture")["earlier"].nunique().tolist() == [3] * 4


def test_epochs_that_double_are_drawn_on_a_logarithmic_axis() -> None:
    name = "successive_layers"
    scales = [
        FIGURES[name].draw(FIGURES[name].table(*make_plane(seeds=[0], epochs=epochs))).axes[-1].get_xscale()
        for epochs in (2, 64)
    ]
    assert scales == ["linear", "symlog"]


def test_the_matrix_has_the_untrained_above_and_the_trained_below_its_diagonal() -> None:
    epochs, points = make_plane(["mlp"], seeds=range(3), depth=3, epochs=8)
    data = FIGURES["layer_matrix"].table(epochs, points)
    for stage, epoch in (("untrained", 0), ("trained", 8)):
        cells = data.table[data.table["stage"] == stage].set_index(["earlier", "later"])
        expected = epochs[(epochs["epoch"] == epoch) & (epochs["pair"] == "1-3")][BITS].median()
        assert cells.loc[(1, 3), BITS] == expected
        assert cells.loc[(1, 3), "runs"] == 3
    axis = FIGURES["layer_matrix"].draw(data).axes[0]
    texts = {tuple(map(round, text.get_position())): float(text.get_text()) for text in axis.texts}
    below = data.table.set_index(["stage", "earlier", "later"])[BITS]
    assert texts[(2, 0)] == pytest.approx(below["untrained", 1, 3], abs=0.051)
    assert texts[(0, 2)] == pytest.approx(below["trained", 1, 3], abs=0.051)


def test_unfinished_points_are_in_the_untrained_half_alone(cut_short) -> None:
    epochs, points = cut_short(*make_plane(["mlp"], seeds=range(3)), {0: ("running", 3)})
    runs = FIGURES["layer_matrix"].table(epochs, points).table.groupby("stage")["runs"].unique()
    assert (runs["untrained"].tolist(), runs["trained"].tolist()) == ([3], [2])


def test_neighbors_alone_are_no_matrix() -> None:
    epochs, points = make_plane(seeds=[0])
    with pytest.raises(NothingToDraw, match="needs MI of all pairs"):
        FIGURES["layer_matrix"].table(epochs[epochs["pair"].isin(["1-2", "2-3", "3-4"])], points)

"""The figures of the initialization paper: their numbers, on networks whose isometry is known."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.figures import FIGURES, NothingToDraw
from analysis.figures.isometry.layers import GAINS_SHOWN
from analysis.figures.isometry.shared import JACOBIAN_MEAN, gain_colours, nearest_to_isometry
from analysis.mean_field import critical_gain, length_fixed_point, slope
from tests.analysis.figures.conftest import GAINS, make_isometry

BALANCED = "mutual_information_balanced_bits"


def medians(name: str, *tables: pd.DataFrame) -> pd.DataFrame:
    table = FIGURES[name].table(*tables).table
    return table[table["statistic"] == "median"].reset_index(drop=True)


def test_mi_by_gain_is_that_of_the_last_layer_of_the_untrained_network() -> None:
    epochs, points = make_isometry(seeds=range(3))
    epochs.loc[epochs["epoch"] > 0, BALANCED] = 99.0
    found = medians("isometry_mi", epochs, points)
    expected = [3.0 - abs(math.log(gain)) * depth / 2 + 0.01 for depth in (2, 4) for gain in GAINS] * 2
    assert found[BALANCED].tolist() == pytest.approx(expected)
    assert found["gain"].tolist() == list(GAINS) * 4
    assert found["runs"].tolist() == [3] * 16
    assert found["mi_ceiling_bits"].tolist() == [6.0] * 16


def test_the_ring_is_at_the_gain_whose_mean_squared_singular_value_is_nearest_1() -> None:
    epochs, points = make_isometry()
    found = medians("isometry_mi", epochs, points)
    assert found.loc[found["is_isometry"], "gain"].tolist() == [1.0] * 4
    points.loc[points["depth"] == 4, JACOBIAN_MEAN] *= 50  # which moves the isometry of the deeper networks to gain 0.5
    found = medians("isometry_mi", epochs, points)
    assert found.loc[found["is_isometry"], ["depth", "gain"]].to_numpy().tolist() == [[2, 1.0], [4, 0.5]] * 2


def test_nearness_to_isometry_is_in_ratios_and_lost_signals_never_count() -> None:
    frame = pd.DataFrame({"depth": 2, JACOBIAN_MEAN: [0.0, 0.4, 2.0, math.nan], "gain": [1, 2, 3, 4]})
    assert nearest_to_isometry(frame, ["depth"]).tolist() == [False, False, True, False]
    assert not nearest_to_isometry(frame.iloc[[0, 3]], ["depth"]).any()


@pytest.mark.parametrize("kept", [[0.5], [1.5, 3.0]])
def test_gains_on_one_side_of_isometry_do_not_tell_where_it_is(kept: list[float]) -> None:
    epochs, points = make_isometry()
    points.loc[~points["gain"].isin(kept), "state"] = "missing"
    missing = set(points.loc[points["state"] == "missing", "point_id"])
    points.loc[points["point_id"].isin(missing), JACOBIAN_MEAN] = math.nan
    found = medians("isometry_mi", epochs, points)
    assert not found["is_isometry"].any()
    whole = medians("isometry_training", *make_isometry())
    assert whole.loc[whole["is_isometry"], "gain"].tolist() == [1.0] * 4


def test_sweeps_without_jacobians_are_drawn_without_a_ring() -> None:
    epochs, points = make_isometry()
    table = FIGURES["isometry_mi"].table(epochs, points.drop(columns=[JACOBIAN_MEAN])).table
    assert not table["is_isometry"].any()
    unknown = FIGURES["isometry_mi"].table(epochs, points.assign(**{JACOBIAN_MEAN: np.nan}))
    assert not unknown.table["is_isometry"].any()
    labels = [text.get_text() for legend in FIGURES["isometry_mi"].draw(unknown).legends for text in legend.get_texts()]
    assert "norms are kept in the mean" not in labels


def test_a_panel_for_each_width_and_initializer() -> None:
    both = [pd.concat(frames) for frames in zip(make_isometry(width=20), make_isometry(width=40), strict=True)]
    canvas = FIGURES["isometry_mi"].draw(FIGURES["isometry_mi"].table(*both))
    assert [axis.get_title("left") for axis in canvas.axes] == [
        f"{initializer} weights, W = {width}" for width in (20, 40) for initializer in ("Gaussian", "Orthogonal")
    ]


def test_the_caption_says_what_these_networks_are() -> None:
    caption = FIGURES["isometry_mi"].table(*make_isometry(epochs=0)).caption
    for said in ("digits", "untrained", "no BatchNorm", "channel noise 0.1", "2 seeds per network and gain", "k = 3"):
        assert said in caption
    assert "momentum" not in caption


def test_layers_are_those_of_the_deepest_networks_and_gains_are_thinned_around_the_critical_one() -> None:
    gains = [0.1 * step for step in range(4, 24)]
    table = FIGURES["isometry_layers"].table(*make_isometry(gains=gains)).table
    assert table["layer"].max() == 4
    kept = sorted(table["gain"].unique())
    assert len(kept) <= GAINS_SHOWN
    assert (kept[0], kept[-1]) == (gains[0], gains[-1])
    assert 1.0 in [round(gain, 6) for gain in kept]
    few = medians("isometry_layers", *make_isometry(gains=GAINS))
    assert sorted(few["gain"].unique()) == list(GAINS)


def test_the_spectrum_is_of_the_points_and_its_medians_are_over_seeds() -> None:
    epochs, points = make_isometry(initializers=["gaussian"], depths=[2], seeds=range(3))
    points.loc[(points["gain"] == 1.5) & (points["seed"] == 0), JACOBIAN_MEAN] = 1e6
    found = medians("isometry_spectrum", epochs.iloc[:0], points)
    assert found[JACOBIAN_MEAN].tolist() == pytest.approx([gain**4 for gain in GAINS])
    assert found["jacobian_spread_squared_singular_value"].tolist() == pytest.approx([gain**4 / 2 for gain in GAINS])
    assert found["relative_spread"].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_a_signal_that_is_lost_altogether_has_no_relative_spread() -> None:
    epochs, points = make_isometry(depths=[2])
    lost = points.assign(**{JACOBIAN_MEAN: 0.0, "jacobian_spread_squared_singular_value": 0.0})
    data = FIGURES["isometry_spectrum"].table(epochs, lost)
    assert data.table["relative_spread"].isna().all()
    FIGURES["isometry_spectrum"].draw(data)


def test_the_theory_is_that_of_wide_networks_and_what_was_measured_is_per_layer() -> None:
    """These points have the Jacobians of linear orthogonal networks; Gaussian ones widen twice at their last layer."""
    epochs, points = make_isometry()
    data = FIGURES["isometry_theory"].table(epochs, points)
    theory = data.table[data.table["statistic"] == "theory"]
    assert [theory["gain"].min(), theory["gain"].max()] == pytest.approx([0.5, 3.0])
    for row in theory.to_dict("records"):
        assert row["slope"] == slope("tanh", row["gain"])
        assert row["length"] == length_fixed_point("tanh", row["gain"])
    found = data.table[data.table["statistic"] == "median"]
    for (initializer, depth), rows in found.groupby(["initializer", "depth"]):
        factor = 0.5 ** (1 / depth) if (initializer, depth) == ("gaussian", 4) else 1.0
        assert rows["measured_slope"].tolist() == pytest.approx([factor * gain**2 for gain in GAINS])
    assert set(data.table["critical_gain"]) == {1.0}


def test_the_theory_is_of_the_units_and_biases_of_the_slice() -> None:
    epochs, points = make_isometry()
    data = FIGURES["isometry_theory"].table(epochs, points.assign(activation="erf", bias_std=0.2))
    theory = data.table[data.table["statistic"] == "theory"]
    assert theory["slope"].tolist() == [slope("erf", gain, 0.2) for gain in theory["gain"]]
    assert set(data.table["critical_gain"]) == {round(critical_gain("erf", 0.2), 6)}
    assert "erf units" in data.caption
    assert "initial biases of deviation 0.2" in data.caption


@pytest.mark.parametrize("name", ["isometry_theory", "isometry_phase"])
@pytest.mark.parametrize("changed", [{"batch_norm": True}, {"architecture": "resnet"}])
def test_networks_that_the_theory_is_not_about_are_not_drawn_with_it(name: str, changed: dict[str, object]) -> None:
    epochs, points = make_isometry()
    with pytest.raises(NothingToDraw, match="needs"):
        FIGURES[name].table(epochs, points.assign(**changed))


def test_the_phases_have_a_line_for_each_activation_and_a_point_for_each_setting() -> None:
    epochs, points = make_isometry()
    both = [
        points.assign(activation=name, bias_std=std, point_id=points["point_id"] + f"-{name}-{std}")
        for name in ("tanh", "relu")
        for std in (0.0, 0.5)
    ]
    table = FIGURES["isometry_phase"].table(epochs, pd.concat(both)).table
    lines, settings = (table[table["kind"] == kind] for kind in ("line", "points"))
    assert lines.loc[lines["activation"] == "relu", "gain"].tolist() == pytest.approx([math.sqrt(2)] * 30)
    tanh = lines[lines["activation"] == "tanh"]
    assert tanh["gain"].is_monotonic_increasing
    assert tanh["gain"].iloc[0] == pytest.approx(1.0, abs=1e-6)
    assert len(settings) == 2 * 2 * len(GAINS)
    assert set(settings["points"]) == set(settings["finished"]) == {len(points) / len(GAINS)}


def test_sweeps_from_before_there_were_biases_have_their_phases_too() -> None:
    table = FIGURES["isometry_phase"].table(*make_isometry()).table
    settings = table[table["kind"] == "points"]
    assert settings[["activation", "bias_std"]].drop_duplicates().to_numpy().tolist() == [["tanh", 0.0]]
    assert settings["gain"].tolist() == list(GAINS)


def test_epochs_to_threshold_are_the_first_at_or_below_it_and_never_is_slower_than_any() -> None:
    """Errors fall to 0.1 + 0.8 exp(-epoch / slowness); a quarter of the runs stays at 0.9."""
    epochs, points = make_isometry(initializers=["gaussian"], depths=[2], seeds=range(3), epochs=12)
    data = FIGURES["isometry_training"].table(epochs, points)
    runs = data.table[data.table["statistic"] == "run"]
    assert "error of 0.15 " in data.title
    expected = {gain: math.ceil(-(1 + 2 * abs(math.log(gain))) * math.log(0.05 / 0.8)) for gain in GAINS if gain < 3}
    assert {row["gain"]: row["epochs_to_threshold"] for row in runs[runs["has_passed"]].to_dict("records")} == expected
    assert runs.loc[~runs["has_passed"], "gain"].tolist() == [3.0] * 3
    medians_ = data.table[data.table["statistic"] == "median"]
    assert medians_.loc[medians_["has_passed"], "gain"].tolist() == [0.5, 1.0, 1.5]
    epochs.loc[(epochs["gain"] if "gain" in epochs else epochs["point_id"].str.endswith("-1")) & True, "test_error"] = (
        0.9
    )
    slower = medians("isometry_training", epochs, points)
    assert slower.loc[slower["has_passed"], "gain"].tolist() == [0.5, 1.5]


def test_runs_that_may_still_pass_the_threshold_are_left_out(cut_short) -> None:
    epochs, points = cut_short(*make_isometry(depths=[2]), {0: ("running", 3), 1: ("diverged", 2)})
    runs = FIGURES["isometry_training"].table(epochs, points).table.query("statistic == 'run'")
    assert points.loc[0, "point_id"] not in set(runs["point_id"])
    assert not runs.loc[runs["point_id"] == points.loc[1, "point_id"], "has_passed"].any()


@pytest.mark.parametrize("name", [name for name in FIGURES if name.startswith("isometry")])
def test_one_gain_is_no_sweep_over_gains(name: str) -> None:
    with pytest.raises(NothingToDraw, match=r"needs .* two or more gains .*; in this sweep no measured points"):
        FIGURES[name].table(*make_isometry(gains=[1.0]))


def test_networks_that_never_learn_have_no_threshold() -> None:
    with pytest.raises(NothingToDraw, match=r"fewer than half came below an error of 0\.5"):
        FIGURES["isometry_training"].table(*make_isometry(gains=[3.0, 4.0]))


def test_gains_below_and_above_the_critical_one_have_colours_of_their_own() -> None:
    shades = gain_colours([2.0, 0.5, 1.0, 0.9, 1.1], 1.0)
    assert list(shades) == [0.5, 0.9, 1.0, 1.1, 2.0]
    assert shades[1.0] == "#000000"
    red, blue = ({gain: int(shade[at : at + 2], 16) for gain, shade in shades.items()} for at in (1, 5))
    assert all(blue[gain] > red[gain] for gain in (0.5, 0.9))
    assert all(red[gain] > blue[gain] for gain in (1.1, 2.0))
    assert red[0.5] > red[0.9]
    assert blue[2.0] > blue[1.1]


@pytest.mark.parametrize("name", ["isometry_mi", "isometry_layers"])
def test_no_mark_leaves_its_panel(name: str) -> None:
    """The panels of a row share their axis: what the last one holds must fit as well."""
    epochs, points = make_isometry()
    epochs.loc[epochs["initializer"] == "orthogonal", BALANCED] += 2
    canvas = FIGURES[name].draw(FIGURES[name].table(epochs, points))
    for axis in canvas.axes:
        bits = [value for line in axis.get_lines() if len(line.get_xdata()) > 1 for value in line.get_ydata()]
        assert axis.get_ylim()[0] <= min(bits) <= max(bits) <= axis.get_ylim()[1]

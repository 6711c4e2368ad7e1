"""The numbers behind each figure, on data small enough to read."""

import pandas as pd
import pytest

from analysis.figures import FIGURES, NothingToDraw

POINTS = pd.DataFrame(
    [
        {"point_id": "a", "dataset": "mnist", "architecture": "mlp", "width": 10, "depth": 5, "seed": 0},
        {"point_id": "b", "dataset": "mnist", "architecture": "shortcut", "width": 10, "depth": 5, "seed": 0},
    ]
).assign(epochs=2, measure_neighbors=3, measure_samples="2000", state="finished")


def epochs_of(*rows: tuple[str, int, str, float | None, float | None, float | None]) -> pd.DataFrame:
    names = ["point_id", "epoch", "pair", "mutual_information_bits", "mutual_information_balanced_bits", "test_error"]
    identity = POINTS[["point_id", "dataset", "architecture", "width", "depth", "seed"]]
    return pd.DataFrame(rows, columns=names).merge(identity, on="point_id")


EPOCHS = epochs_of(
    ("b", 1, "first-merged", 6.1, 6.6, 0.5),
    ("b", 0, "first-merged", 6.0, 6.5, 0.9),
    ("b", 0, "first-last", 1.9, 1.9, 0.9),
    ("b", 0, "successive", 7.0, 7.0, 0.9),
    ("a", 0, "first-last", 1.95, 4.4, 0.9),
    ("a", 1, "first-last", None, None, 0.8),
    ("a", 2, "first-last", 4.35, 5.1, 0.1),
)


def test_a_trajectory_table_holds_the_measured_epochs_of_the_papers_pair_in_order():
    table = FIGURES["fig4a"].table(EPOCHS, POINTS).table
    drawn = table[["point_id", "epoch", "pair", "mutual_information_bits", "test_error", "state"]]
    assert drawn.to_numpy().tolist() == [
        ["a", 0, "first-last", 1.95, 0.9, "finished"],
        ["a", 2, "first-last", 4.35, 0.1, "finished"],
        ["b", 0, "first-merged", 6.0, 0.9, "finished"],
        ["b", 1, "first-merged", 6.1, 0.5, "finished"],
    ]
    assert table["mutual_information_balanced_bits"].tolist() == [4.4, 5.1, 6.5, 6.6]


def test_the_caption_says_slice_pairs_and_measurement():
    caption = FIGURES["fig4a"].table(EPOCHS, POINTS).caption
    for said in ("mnist", "D = 5 hidden layers", "2 epochs", "1 seed per network and width", "k = 3", "N = 2,000"):
        assert said in caption
    assert "first-last (MLP) and first-merged (S)" in caption


def test_a_shortcut_network_measured_as_first_last_only_is_drawn_with_a_warning():
    data = FIGURES["fig4a"].table(EPOCHS[EPOCHS["pair"] == "first-last"], POINTS)
    assert data.table.groupby("architecture")["mutual_information_bits"].first()["shortcut"] == 1.9
    assert any("first-merged, the paper's quantity, was not measured" in line for line in data.warnings)


def test_first_last_and_first_merged_never_mix_within_one_shortcut_architecture():
    points = pd.concat([POINTS, POINTS.iloc[[1]].assign(point_id="c", seed=1)], ignore_index=True)
    other = EPOCHS[(EPOCHS["point_id"] == "b") & (EPOCHS["pair"] == "first-last")].assign(point_id="c", seed=1)
    data = FIGURES["fig4a"].table(pd.concat([EPOCHS, other], ignore_index=True), points)
    assert set(data.table["point_id"]) == {"a", "b"}
    assert data.warnings == ("1 finished point without the measurement that is drawn here",)


def test_a_row_recorded_by_two_sweeps_is_drawn_once():
    twice = pd.concat([EPOCHS.assign(sweep="one"), EPOCHS.assign(sweep="two")], ignore_index=True)
    assert len(FIGURES["fig4a"].table(twice, POINTS).table) == 4


@pytest.mark.parametrize("name", FIGURES)
def test_the_numbers_do_not_depend_on_the_order_of_the_rows(name, example):
    epochs, points = example(name)
    shuffled = FIGURES[name].table(epochs.sample(frac=1, random_state=1), points.sample(frac=1, random_state=2))
    expected = FIGURES[name].table(epochs, points)
    pd.testing.assert_frame_equal(shuffled.table, expected.table)
    assert (shuffled.caption, shuffled.warnings) == (expected.caption, expected.warnings)


@pytest.mark.parametrize("name", FIGURES)
def test_the_tables_given_are_not_changed(name, example):
    epochs, points = example(name)
    before = epochs.copy(), points.copy()
    FIGURES[name].table(epochs, points)
    pd.testing.assert_frame_equal(epochs, before[0])
    pd.testing.assert_frame_equal(points, before[1])


def test_learning_curves_are_medians_over_the_finished_seeds_where_all_have_recorded(sweep):
    epochs, points = sweep(("mlp",), widths=(10,), seeds=range(4), epochs=2, every=2)
    error = {0: 0.1, 1: 0.2, 2: 0.6, 3: 0.9}
    epochs["test_error"] = epochs["seed"].map(error)
    points.loc[points["seed"] == 3, "state"] = "diverged"
    table = FIGURES["learning_curves"].table(epochs, points).table
    median = table[table["statistic"] == "median"]
    assert median["test_error"].tolist() == [0.2] * 3
    assert median["runs"].tolist() == [3] * 3
    assert median["mutual_information_bits"].notna().tolist() == [True, False, True]
    assert table.loc[table["statistic"] == "quartile_3", "test_error"].tolist() == pytest.approx([0.4] * 3)
    assert sorted(table.loc[table["statistic"] == "run", "seed"].unique()) == [0, 1, 2, 3]


def test_learning_curves_need_no_mutual_information(sweep):
    epochs, points = sweep(("mlp",), widths=(10,), seeds=[0], epochs=2)
    unmeasured = epochs.drop(columns=["mutual_information_bits", "mutual_information_balanced_bits"])
    data = FIGURES["learning_curves"].table(unmeasured, points)
    assert data.table.loc[data.table["statistic"] == "median", "test_error"].notna().all()
    assert len(FIGURES["learning_curves"].draw(data).axes) == 1


@pytest.mark.parametrize(
    ("name", "architectures", "message"),
    [
        ("fig4a", ("mlp",), "needs measured points of both mlp and shortcut at one depth; .* sweep: mlp"),
        ("fig4b", ("shortcut", "resnet"), "needs .* at one width; measured in this sweep: shortcut"),
        ("fig5a", ("mlp", "shortcut"), "needs measured points of resnet; .* none of these"),
        ("fig5b", ("resnet",), "needs measured points of two or more architectures .*: resnet"),
    ],
)
def test_what_is_missing_is_said_in_words(name, architectures, message, sweep):
    with pytest.raises(NothingToDraw, match=message):
        FIGURES[name].table(*sweep(architectures, seeds=[0], epochs=1))


def test_networks_that_never_share_a_slice_are_not_drawn_together(sweep):
    mlp, shortcut = sweep(("mlp",), depths=(3,), seeds=[0]), sweep(("shortcut",), depths=(5,), seeds=[0])
    with pytest.raises(NothingToDraw, match="mlp, shortcut, but not together"):
        FIGURES["fig4a"].table(*(pd.concat(pair, ignore_index=True) for pair in zip(mlp, shortcut, strict=True)))


@pytest.mark.parametrize("name", FIGURES)
def test_a_sweep_without_a_row_has_nothing_to_draw(name, sweep):
    epochs, points = sweep(seeds=[0], epochs=1)
    with pytest.raises(NothingToDraw, match=r"^needs "):
        FIGURES[name].table(epochs.iloc[:0], points.assign(state="missing"))

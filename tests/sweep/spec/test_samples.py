"""Fields that go together, and points spread over ranges: the same ones for ever, and every mistake with its place."""

from pathlib import Path

import numpy as np
import pytest

from sweep.errors import UsageError
from sweep.spec import SweepSpec
from sweep.store import load

SAMPLE = """
name: spread
fixed: {epochs: 3}
sample:
  points: 4
  over: {learning_rate: {from: 1e-4, to: 1e-2, scale: log}, width: {from: 10, to: 13}, activation: [tanh, relu]}
"""


def spec_of(folder: Path, text: str, *settings: str) -> SweepSpec:
    (folder / "it.yaml").write_text(text)
    return load(str(folder / "it.yaml"), settings)


def test_fields_that_go_together_are_multiplied_with_the_grid_alone(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "zip: {width: [4, 8], depth: [2, 3]}\ngrid: {seed: 0..1}\n")
    assert [(one.width, one.depth, one.seed) for one in spec.points] == [(4, 2, 0), (4, 2, 1), (8, 3, 0), (8, 3, 1)]


def test_values_that_go_together_may_repeat(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "zip: {architecture: [mlp, mlp, resnet], depth: [4, 6, 6]}\n")
    assert [(one.architecture, one.depth) for one in spec.points] == [("mlp", 4), ("mlp", 6), ("resnet", 6)]


@pytest.mark.parametrize("method", ["sobol", "random"])
def test_a_sample_names_the_same_points_for_ever(tmp_path: Path, method: str) -> None:
    """Were one of these another, resumed sweeps would train points anew."""
    points = spec_of(tmp_path, SAMPLE, f"sample.method={method}").points
    assert [(one.learning_rate, one.width, one.activation) for one in points] == {
        "sobol": FOR_EVER_BY_SOBOL,
        "random": FOR_EVER_AT_RANDOM,
    }[method]


FOR_EVER_BY_SOBOL = [(0.00068, 13, "relu"), (0.0068, 11, "tanh"), (0.00215, 12, "relu"), (0.000215, 10, "tanh")]
FOR_EVER_AT_RANDOM = [(0.002569, 11, "tanh"), (0.002598, 10, "relu"), (0.003385, 11, "relu"), (0.0004271, 10, "tanh")]


def test_a_larger_sample_holds_the_smaller_one_and_another_seed_gives_others(tmp_path: Path) -> None:
    few, many, others = (
        [one.point_id for one in spec_of(tmp_path, SAMPLE, *settings).points]
        for settings in ((), ("sample.points=16",), ("sample.seed=1",))
    )
    assert few == many[:4]
    assert not set(few) & set(others)


def test_points_of_a_sobol_sequence_lie_more_evenly_than_random_ones(tmp_path: Path) -> None:
    """Of 64 points in the square, in each of 64 cells one; at random a third of the cells is empty."""
    text = "sample:\n  points: 64\n  over: {gain: {from: 0.5, to: 8.5}, bias_std: {from: 0.0, to: 8.0}}\n"
    cells = {}
    for method in ("sobol", "random"):
        points = spec_of(tmp_path, text, f"sample.method={method}").points
        cells[method] = {(int(one.gain - 0.5), int(one.bias_std)) for one in points}
    assert len(cells["random"]) < 50 < len(cells["sobol"])


def test_whole_ends_give_whole_numbers_with_both_ends_and_logarithms_spread_by_factors(tmp_path: Path) -> None:
    text = (
        "sample:\n  points: 256\n  over: {width: {from: 2, to: 5}, learning_rate: {from: 1e-4, to: 1e-2, scale: log}}\n"
    )
    points = spec_of(tmp_path, text).points
    assert {one.width for one in points} == {2, 3, 4, 5}
    below = np.mean([one.learning_rate < 1e-3 for one in points])
    assert below == pytest.approx(0.5, abs=0.02)
    assert all(1e-4 <= one.learning_rate <= 1e-2 for one in points)
    assert all(float(f"{one.learning_rate:.4g}") == one.learning_rate for one in points)


def test_what_is_written_out_reads_back_to_the_same_points(tmp_path: Path) -> None:
    for text in (SAMPLE, "zip: {width: [4, 8], depth: [2, 3]}\n", "include:\n  - zip: {seed: [1, 2], width: [3, 4]}\n"):
        spec = spec_of(tmp_path, text)
        assert spec_of(tmp_path, spec.to_yaml()).points == spec.points


def test_what_is_set_replaces_the_field_among_those_that_go_together(tmp_path: Path) -> None:
    text = "zip: {width: [4, 8], depth: [2, 3]}\n"
    fixed = spec_of(tmp_path, text, "fixed.depth=5").points
    assert [(one.width, one.depth) for one in fixed] == [(4, 5), (8, 5)]
    other = spec_of(
        tmp_path, f"include:\n  - {{{text.strip().replace('zip', chr(39) + 'zip' + chr(39))}}}\n", "grid.width=[9]"
    )
    assert {(one.width, one.depth) for one in other.points} == {(9, 2), (9, 3)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "zip: {width: [4, 8], depth: [2]}\n",
            "it.yaml:1: the fields of 'zip' go together, so their lists are of one length",
        ),
        ("zip: {width: [4]}\ngrid: {width: [5]}\n", "'width' stands in both 'grid' and 'zip': keep one"),
        ("zip: {wdith: [4]}\n", "unknown key 'wdith' in 'zip' (did you mean 'width'?)"),
        ("zip: {width: 4}\n", "'width' in 'zip' is a list such as [1, 2]"),
        ("sample: {points: 0, over: {width: [1]}}\n", "points: 0: must be greater than or equal to 1"),
        ("sample: {points: 2}\n", "'sample' lacks over, as in sample: {points: 20, over: {width: [10, 20]}}"),
        ("sample: {points: 2, over: {width: {from: 5, to: 2}}}\n", "allowed is a lower end below the upper one"),
        ("sample: {points: 2, over: {gain: {from: 0, to: 2, scale: log}}}\n", "a lower end and above 0 below"),
        ("sample: {points: 2, over: {dpeth: [1, 2]}}\n", "unknown key 'dpeth'"),
        ("sample: {points: 2, over: {width: [x]}}\n", "width: 'x': must be a valid integer"),
        ("sample: {points: 2, over: {width: [4]}}\nfixed: {width: 3}\n", "'width' stands in both 'fixed' and 'sample'"),
        ("sample: {points: 2, over: {width: [4]}}\nzip: {depth: [3]}\n", "a block has 'zip' or 'sample', not both"),
        ("sample: {points: 2, over: {width: []}}\n", "'width' in 'sample' is a range such as {from: 1, to: 4} or 1..4"),
        ("sample: {points: 2, over: {width: 3}}\n", "or a list of choices, not 3"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        spec_of(tmp_path, text)
    assert said in str(refused.value)


def test_of_a_range_that_cannot_be_the_field_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        spec_of(tmp_path, "sample:\n  points: 2\n  over:\n    gain: {from: 3, to: 1}\n")
    (line,) = str(refused.value.message).splitlines()
    assert "it.yaml:4: gain: " in line


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("fixed.batch_size=0", "batch_size: 0: must be 'all' or a whole number, at least 1"),
        ("fixed.batch_size=5000", "batch_size is 5000, but digits has 1433 training images"),
        ("measure.samples=9999", "measure.samples is 9999, but digits has 364 validation images"),
        ("grid.residual_sums=[every_layer]", "residual_sums is every_layer, but architecture is mlp"),
    ],
)
def test_what_the_points_cannot_have_is_told_of_the_setting_that_asked_for_it(setting: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        load("demo", [setting])
    assert str(refused.value.message) == f"--set {setting}: {said}" + (
        ": allowed are resnet, shortcut_resnet" if "residual" in setting else ""
    )
    assert f"--set {setting.partition('=')[0]}=VALUE" in str(refused.value.next)

"""Specs: points of a grid, `--set`, includes, and every problem with its place."""

from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.spec import presets
from sweep.store import load

MINIMAL = "name: small\nfixed: {epochs: 3}\ngrid: {width: [4, 8], seed: 0..2}\n"


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(MINIMAL)
    return path


def problems(path: Path, text: str, *settings: str) -> str:
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        load(str(path), settings)
    return str(raised.value)


def test_points_are_the_product_of_the_grid(spec_file: Path) -> None:
    spec = load(str(spec_file))
    assert [(point.width, point.seed, point.epochs) for point in spec.points] == [
        (width, seed, 3) for width in (4, 8) for seed in (0, 1, 2)
    ]
    assert len({point.point_id for point in spec.points}) == 6


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_and_survives_writing_out(name: str, tmp_path: Path) -> None:
    spec = load(name)
    path = tmp_path / "again.yaml"
    path.write_text(spec.to_yaml())
    again = load(str(path))
    assert (again.name, again.points, again.resources) == (spec.name, spec.points, spec.resources)
    assert spec.description


def test_the_paper_is_the_union_of_its_figures_with_shared_points_once() -> None:
    figures = [load(name) for name in ("fig4a", "fig4b", "fig5a", "fig5b")]
    union = {point for figure in figures for point in figure.points}
    points = load("paper").points
    assert len(points) == len(union) < sum(len(figure.points) for figure in figures)
    assert set(points) == union


def test_what_is_set_on_a_union_holds_for_all_its_parts() -> None:
    points = load("paper", ["grid.width=[50]", "grid.seed=0..1", "fixed.epochs=7", "measure.every=3"]).points
    assert {(point.width, point.epochs, point.measure.every) for point in points} == {(50, 7, 3)}
    assert {point.seed for point in points} == {0, 1}


def test_setting_a_grid_field_takes_it_out_of_fixed_and_back(spec_file: Path) -> None:
    assert {point.epochs for point in load(str(spec_file), ["grid.epochs=[1, 2]"]).points} == {1, 2}
    assert {point.width for point in load(str(spec_file), ["fixed.width=16"]).points} == {16}


def test_ranges_include_both_ends(spec_file: Path) -> None:
    assert [point.seed for point in load(str(spec_file), ["grid.seed=3..5", "grid.width=[4]"]).points] == [3, 4, 5]


def test_all_problems_come_at_once_each_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    text = (
        "name: bad\n"
        "fixed: {dataset: mnst, depth: 1, epohcs: 5, learning_rate: fast, batch_norm: 3}\n"
        "grid:\n"
        "  width: [0, x]\n"
        "  architecture: [mpl]\n"
        "  seed: []\n"
        "measure: {neighbours: 3, every: never, scales: [some]}\n"
        "resource: {gpus: 1}\n"
    )
    path = tmp_path / "bad.yaml"
    said = problems(path, text).splitlines()
    expected = [
        (8, "unknown key 'resource' (did you mean 'resources'?)"),
        (2, "unknown key 'epohcs' in 'fixed' (did you mean 'epochs'?)"),
        (2, "dataset: 'mnst' (did you mean 'mnist'?)"),
        (2, "depth: 1: must be greater than or equal to 2"),
        (2, "learning_rate: 'fast': must be a valid number"),
        (2, "batch_norm: 3: must be a valid boolean"),
        (4, "width: 0: must be greater than or equal to 1"),
        (4, "width: 'x': must be a valid integer"),
        (5, "architecture: 'mpl' (did you mean 'mlp'?)"),
        (6, "'seed' in 'grid' is empty"),
        (7, "unknown key 'neighbours' in 'measure' (did you mean 'neighbors'?)"),
        (7, "every: 'never': must be 'log' or a whole number, at least 1"),
        (7, "scales: 'some': must be 'none' or 'balanced'"),
    ]
    for line, message in expected:
        assert any(text.startswith(f"{path}:{line}: {message}") for text in said), (message, said)
    assert len(said) == len(expected) + 1
    assert said[-1] == f"  next: correct this, then sweep plan {path}"


def test_the_next_command_repeats_nothing_that_was_refused_and_keeps_the_rest() -> None:
    with pytest.raises(UsageError) as raised:
        load("demo", ["name=2024", "grid.width=[8]", "grid.seed=[0..3]", "fixed.epohcs=3", "epochs"])
    again = "sweep plan demo --set name=VALUE --set 'grid.width=[8]' --set grid.seed=VALUE --set fixed.epochs=3"
    again += " --set PATH=VALUE"
    assert str(raised.value.next) == f"correct this, then {again}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", ":1: YAML syntax"),
        ("name: a\nname: b\n", ":2: duplicate key 'name' (first in line 1)"),
        ("grid:\n  seed: [1]\n  seed: [2]\n", ":3: duplicate key 'seed'"),
        ("- a\n", "a spec is a mapping"),
        ("grid: 3\n", "'grid' is a mapping, not 3"),
        ("fixed: {seed: 1}\ngrid: {seed: [1]}\n", ":2: 'seed' stands in both 'fixed' and 'grid'"),
        ("grid: {seed: 5}\n", "'seed' in 'grid' is a list such as [1, 2] or a range such as 0..4, not 5"),
        ("grid: {seed: 4..0}\n", "the range 4..0 runs backwards: write 0..4"),
        ("grid: {seed: &a [1], width: *a}\n", ":1: '*a': aliases are not allowed"),
        ("description: [1]\n", "description [1]: must be text"),
        ("grid: {seed: 0..999999}\n", "the range 0..999999 has 1,000,000 values: at most 100,000"),
        ("grid: {seed: 0..999, width: 1..1000}\n", "the grid has 1,000,000 points: allowed are 1 to 100,000"),
        ("resources: {gpus: 1.5}\n", ":1: gpus: 1.5: must be a part of one GPU, such as 0.25, or a whole number"),
        ("name: a/b\n", "name 'a/b': allowed are letters"),
        ("measure: {samples: 100000}\n", "measure.samples is 100000, but digits has 364 validation images"),
        ("include: [fig4z]\n", "unknown preset 'fig4z' (did you mean 'fig4"),
        ("include: []\n", "include is a list"),
        ("include: [bad.yaml]\n", "includes itself"),
        ("!!python/object/apply:os.system ['true']\n", "tags are not allowed"),
    ],
)
def test_a_bad_spec_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    assert message in problems(tmp_path / "bad.yaml", text)


def test_text_that_is_not_utf8_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(UsageError, match="cannot be read as UTF-8"):
        load(str(path))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("grid.wdth=[1]", "--set grid.wdth=[1]: unknown key 'wdth' in 'grid' (did you mean 'width'?)"),
        ("fixed.epochs=many", "--set fixed.epochs=many: epochs: 'many': must be a valid integer"),
        ("fixed.epochs=true", "--set fixed.epochs=true: epochs: True: must be a valid integer"),
        ("nowhere.x=1", "--set nowhere.x=1: expected PATH=YAML"),
        ("grid.width", "--set grid.width: expected PATH=YAML"),
        ("grid.width=[", "--set grid.width=[: YAML syntax"),
    ],
)
def test_a_bad_setting_is_named_as_it_was_typed(spec_file: Path, setting: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(str(spec_file), [setting])
    assert message in str(raised.value)


def test_an_unknown_preset_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown preset 'dmo' \(did you mean 'demo'\?\): allowed are demo, "):
        load("dmo")


@pytest.mark.parametrize("text", ["1e-3", "0.001", "1.e-3", "1E-03"])
def test_numbers_may_be_written_with_an_exponent(spec_file: Path, text: str) -> None:
    assert {point.learning_rate for point in load(str(spec_file), [f"fixed.learning_rate={text}"]).points} == {0.001}


def test_specs_that_include_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("include: [a.yaml]\n")
    assert "a.yaml includes itself" in problems(tmp_path / "a.yaml", "include: [b.yaml]\n")

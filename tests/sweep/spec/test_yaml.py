"""YAML of specs: 1.2; what is written reads back for any text; else one problem with its line."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sweep.errors import UsageError
from sweep.spec import Block, Resources, SweepSpec, spec_from_bytes
from sweep.spec.reader import NAME
from sweep.spec.yaml_lines import YamlProblem, dump, load
from sweep.store import Store
from sweep.store import load as load_spec
from tests.commands import Command

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(data=DATA)
@example(
    data=["1e-3 as before", "1e3", "010", "1:30", "no", "2026-02-30", "0x_", "=", "<<", "~", "", ".5", "0o7", "1_000"]
)
def test_what_is_written_reads_back(data: Any) -> None:
    assert load(dump(data))[0] == data


@given(name=st.from_regex(NAME, fullmatch=True), description=TEXT.map(str.strip), rate=st.floats(1e-9, 10.0))
@example(name="1e3", description="1e-3 as before", rate=1e-3)
@example(name="0x1F", description="on", rate=1e-5)
def test_a_spec_that_is_kept_reads_back_for_any_name_and_text(name: str, description: str, rate: float) -> None:
    spec = SweepSpec(name, description, (Block({"learning_rate": rate}, {"seed": [0, 1]}),), Resources())
    assert spec_from_bytes(spec.to_yaml().encode(), "kept.yaml") == spec


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),
        ("0o10", 8),
        ("0x1f", 31),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("+1.", 1.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("~", None),
        ("1:30", "1:30"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("2026-02-30", "2026-02-30"),
        ("1e-3 as before", "1e-3 as before"),
        ("0x_", "0x_"),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    read = load(text)[0]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: !!int abc\n", 2, "'!!int': tags are not allowed"),
        ("a: !!bool maybe\n", 1, "tags are not allowed"),
        ("a: !!timestamp 1\n", 1, "tags are not allowed"),
        ("a:\n  - " + "9" * 5000, 2, "is too long"),
        ("a: " + "[" * 1200, 1, "more than 16 lists and mappings in one another"),
        ("{[1]: 2}", 1, "a key is a word"),
        ("? {a: 1}\n: 2", 1, "a key is a word"),
        ("a: \x01", 1, "YAML syntax"),
        ("a: b: c", 1, "YAML syntax"),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(YamlProblem, match=message) as raised:
        load(text)
    assert raised.value.line == line


@given(text=st.text("[]{}:,-?!&*#|>'\"%@` \n\t~0x1e.ab<=", max_size=80))
def test_any_text_is_data_or_one_problem(text: str) -> None:
    try:
        load(text)
    except YamlProblem as problem:
        assert 1 <= problem.line <= text.count("\n") + 2  # noqa: PT017


def spec_of(folder: Path, text: str, stem: str = "one") -> SweepSpec:
    path = folder / f"{stem}.yaml"
    path.write_text(text)
    return load_spec(str(path))


def test_widths_with_leading_zeros_are_decimal(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "fixed: {epochs: 3}\ngrid: {width: [010, 020, 050, 100]}\n")
    assert [point.width for point in spec.points] == [10, 20, 50, 100]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fixed: {epochs: 1:30}\n", "epochs: '1:30': must be a valid integer"),
        ("grid: {seed: [0..3]}\n", "seed: '0..3': must be a valid integer; a range stands without brackets"),
        ("fixed: {seed: 0..3}\n", "a range stands without brackets in 'grid', as in seed: 0..3"),
        ("fixed: {epochs: 1e2}\n", "epochs: 100.0: must be a valid integer; write 100"),
        ("fixed: {epochs: '7'}\n", "epochs: '7': must be a valid integer; leave out the quotes"),
        ("fixed: {batch_norm: on}\n", "batch_norm: 'on': must be a valid boolean; write true"),
        ("name: 2024\n", 'name 2024: must be text; quote it, as in name: "..."'),
        ("description: 1e3\n", 'description 1000.0: must be text; quote it, as in description: "..."'),
        ("grid: {seed: 0..}\n", "is a list such as [1, 2] or a range such as 0..4, not '0..'"),
        (f"grid: {{seed: 0..{'9' * 4300}}}\n", "is a list such as [1, 2] or a range such as 0..4"),
    ],
)
def test_the_message_says_what_to_type(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        spec_of(tmp_path, text)
    assert f"{tmp_path / 'one.yaml'}:1: " in str(raised.value)
    assert message in str(raised.value)


def test_a_setting_of_numbers_with_a_comma_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("fixed: {epochs: 1}\n")
    with pytest.raises(UsageError, match=r"--set fixed\.learning_rate=1e-3,1e-4: learning_rate: '1e-3,1e-4'"):
        load_spec(str(tmp_path / "one.yaml"), ["fixed.learning_rate=1e-3,1e-4"])


def test_a_name_like_a_number_runs_from_its_file_and_is_kept_as_it_is(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "fixed: {epochs: 1}\n", stem="1e-3-mlp")
    store = Store(tmp_path / "runs")
    store.save_spec(spec.name, spec.to_yaml())
    assert store.spec("1e-3-mlp") == spec


def test_a_spec_of_another_sweep_that_cannot_be_read_ends_no_command(run_here: Command, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    store.save_spec("2024", "name: 2024\nfixed: {epochs: 1}\ngrid: {seed: [0]}\n")  # as an older version wrote it
    done = run_here("plan", "demo", "--store", str(tmp_path / "runs"))
    assert done.returncode == 0, done.stderr

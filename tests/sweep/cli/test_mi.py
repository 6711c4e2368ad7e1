"""`sweep mi`: the value first, then what limits it, then a sentence; bad input is one message and exit code 2."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands import Command
from trainables.information import diagnose, mutual_information_with_labels

X = np.random.default_rng(0).normal(size=(300, 2))
Y = X + np.random.default_rng(1).normal(size=(300, 2))


@pytest.fixture
def mi(run_here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `sweep mi` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return partial(run_here, "mi")


def test_the_value_comes_first_and_the_sentence_last(mi: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "pair.npz", x=X, y=Y)
    done = mi("pair.npz")
    assert done.returncode == 0, done.stderr
    trust = diagnose(X, Y)
    head, first, *rows, last = (line for line in done.stdout.splitlines() if line.strip())
    assert head.split() == ["pair.npz"]
    assert first.split()[:4] == ["mutual", "information", f"{trust.bits:.4f}", "bits"]
    assert last == trust.sentence
    named = [row.split("  ")[0] for row in rows]
    assert named == [
        *("ceiling", "shuffled pairs", "standard error", "scale ratio", "balanced", "N = 75", "N = 150", "N = 300"),
        *("k = 1", "k = 3", "k = 5", "k = 10", "spread over noise", "tied", "duplicates", "saturated"),
    ]
    assert done.stderr == "x (300, 2) float64, y (300, 2) float64\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pair.npz"]


def test_options_reach_the_estimator_and_json_is_for_scripts(mi: Command, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a pair.npz", x=X[:60], y=Y[:60, 0], z=np.array(["other"]))
    done = mi("a pair.npz", "-k", "4", "--base", "e", "--seed", "7", "--json")
    printed = json.loads(done.stdout)
    trust = diagnose(X[:60], Y[:60, 0], 4, np.e, seed=7)
    assert (printed["bits"], printed["k"], printed["dims"]) == (trust.bits, 4, [2, 1])
    assert printed["k_curve"] == {str(k): bits for k, bits in trust.k_curve.items()}
    assert printed["sentence"] == trust.sentence
    assert " nats, " in trust.sentence
    by_npeet = json.loads(mi("a pair.npz", "-k", "4", "--estimator", "npeet", "--base", "e", "--json").stdout)
    assert by_npeet["bits"] == pytest.approx(trust.bits, abs=1e-6)


def test_what_is_not_known_is_said(mi: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", x=X[:6], y=Y[:6])
    done = mi("few.npz")
    assert done.returncode == 0
    assert "not known" in done.stdout
    assert "N = 6 samples with k = 3: at least 8 are needed" in done.stdout


BROKEN = X.copy()
BROKEN[17, 1] = np.nan
BAD: dict[str, tuple[dict[str, Any] | bytes | None, list[str], str]] = {
    "missing": (None, [], "f.npz: no such file"),
    "empty": (b"", [], "f.npz: not a NumPy archive"),
    "text": (b"x,y\n1,2\n", [], "f.npz: not a NumPy archive"),
    "damaged zip": (b"PK\x03\x04 and no more", [], "f.npz: not a NumPy archive"),
    "no x": ({"a": X, "y": Y}, [], "no array 'x': it holds a, y; x and y are needed"),
    "no y": ({"x": X}, [], "no array 'y': it holds x;"),
    "objects": ({"x": np.array([{}, []], dtype=object), "y": Y}, [], "x holds Python objects: numbers are needed"),
    "strings": ({"x": X.astype(str), "y": Y}, [], "x has dtype <U"),
    "complex": ({"x": X, "y": Y + 1j}, [], "y has dtype complex128: real numbers are needed"),
    "lengths": ({"x": X[:50], "y": Y}, [], "x has 50 rows and y has 300"),
    "NaN": ({"x": BROKEN, "y": Y}, [], "x[17, 1] = nan (1 such of 600): all values must be finite"),
    "infinity": ({"x": X, "y": np.full(300, np.inf)}, [], "y[0, 0] = inf"),
    "few": ({"x": X[:5], "y": Y[:5]}, ["-k", "5"], "at least k + 1 = 6 samples are needed next: sweep mi f.npz --n"),
    "none": ({"x": X[:0], "y": Y[:0]}, [], "x has shape (0, 2)"),
    "scalar": ({"x": 1.0, "y": 2.0}, [], "x has shape ()"),
    "k": ({"x": X, "y": Y}, ["-k", "0"], "Invalid value for '--neighbors'"),
    "base": ({"x": X, "y": Y}, ["--base", "1"], "--base 1: allowed are e and numbers above 1"),
    "word as base": ({"x": X, "y": Y}, ["--base", "two"], "--base two: allowed are"),
    "estimator": ({"x": X, "y": Y}, ["--estimator", "kgs"], "--estimator kgs: unknown; allowed are ksg, npeet"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_message_without_a_stack_trace(mi: Command, tmp_path: Path, case: str) -> None:
    content, arguments, said = BAD[case]
    if isinstance(content, bytes):
        (tmp_path / "f.npz").write_bytes(content)
    elif content is not None:
        np.savez(tmp_path / "f.npz", **content)
    done = mi("f.npz", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split()), done.stderr
    assert "next: " in done.stderr or "Invalid value" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_single_array_and_a_folder_are_no_archives(mi: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", X)
    assert "one.npy: holds one array, not an archive" in mi("one.npy").stderr
    done = mi(".")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr


def test_an_archive_cut_short_is_named(mi: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "f.npz", x=X, y=Y)
    data = bytearray((tmp_path / "f.npz").read_bytes())
    data[600:700] = bytes(100)
    (tmp_path / "f.npz").write_bytes(data)
    done = mi("f.npz")
    assert done.returncode == 2, done.stderr
    assert "f.npz: x is damaged" in done.stderr


def test_distances_below_the_noise_are_said_to_be_so_and_a_rescaled_side_gives_the_value(
    mi: Command, tmp_path: Path
) -> None:
    x, y = X[:, :1], Y[:, :1]
    np.savez(tmp_path / "tiny.npz", x=x * 1e-12, y=y)
    np.savez(tmp_path / "plain.npz", x=x, y=y)
    tiny, plain = mi("tiny.npz").stdout, json.loads(mi("plain.npz", "--json").stdout)
    last = tiny.splitlines()[-1]
    assert "the distances of x lie below the noise of 1e-10 that breaks ties. Rescale: x / x.std()." in last
    assert "Steady" not in last
    assert plain["below_noise"] == []
    assert plain["bits"] > 0.2


def test_a_side_of_few_values_is_said_to_be_one_of_labels_and_measured_as_such(mi: Command, tmp_path: Path) -> None:
    labels = (X[:, 0] > 0).astype(float)
    np.savez(tmp_path / "labels.npz", x=X, y=1000 * labels)
    done = mi("labels.npz")
    printed = json.loads(mi("labels.npz", "--json").stdout)
    assert printed["few_values"] == {"y": 2}
    expected = mutual_information_with_labels(X, labels).bits
    assert printed["label_bits"] == pytest.approx(expected, abs=1e-9)
    shares = np.array([labels.mean(), 1 - labels.mean()])
    assert printed["label_entropy_bits"] == pytest.approx(-(shares * np.log2(shares)).sum())
    assert "y has 2 values, and KSG is for continuous variables" in done.stdout.splitlines()[-1]
    assert "with y as labels" in done.stdout


@pytest.mark.parametrize("side", ["x", "y"])
def test_discrete_columns_whose_rows_differ_are_said_to_be_discrete(mi: Command, tmp_path: Path, side: str) -> None:
    """Of 12 binary columns nearly every row is another one, so that the side is none of labels."""
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((1000, 1))
    binary = (signal + 0.5 * generator.standard_normal((1000, 12)) > 0).astype(float)
    other = "y" if side == "x" else "x"
    np.savez(tmp_path / "binary.npz", **{side: binary, other: signal})
    done = mi("binary.npz")
    printed = json.loads(mi("binary.npz", "--json").stdout)
    assert printed["few_values"] == {}
    assert printed["column_values"] == {side: 2, other: 1000}
    assert f"No column of {side} has more than 2 values, and KSG is for continuous variables." in done.stdout
    assert "occurs 8 times or more" in done.stdout
    np.savez(tmp_path / "fewer.npz", **{side: binary[:, :3], other: signal})
    assert "The estimator for labels gives" in mi("fewer.npz").stdout


def test_columns_of_whole_numbers_that_do_not_tie_get_no_such_word(mi: Command, tmp_path: Path) -> None:
    """Beside a side of larger distances those of small whole numbers decide no neighbor."""
    generator = np.random.default_rng(0)
    levels = generator.integers(0, 3, (1000, 4))
    np.savez(tmp_path / "levels.npz", x=100 * generator.standard_normal((1000, 6)), y=levels)
    assert json.loads(mi("levels.npz", "--json").stdout)["tied_share"] < 0.05
    assert "No column" not in mi("levels.npz").stdout


def test_two_sides_of_few_values_are_to_be_counted(mi: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "both.npz", x=(X > 0).astype(float), y=(Y[:, 0] > 0).astype(float))
    last = mi("both.npz").stdout.splitlines()[-1]
    assert "x has 4 values and y has 2 values" in last
    assert "Count how often each combination occurs" in last

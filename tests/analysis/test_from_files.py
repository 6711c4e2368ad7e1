"""Claims judged by exported tables, of whatever origin."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.cli import app
from analysis.registered import recorded_now
from sweep.errors import UsageError
from tests.synthetic import grid, tables
from tests.worlds import with_still_twins, with_twins


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve trained networks and their twins, as any program might have written them: no more than is needed."""
    epochs, points = tables(with_twins(grid(seed=range(12), epochs=8)), with_still_twins)
    kept = ["point_id", "epoch", "pair", "test_error", "mutual_information_bits", "mutual_information_balanced_bits"]
    epochs[kept].to_parquet(tmp_path / "epochs.parquet")
    needed = ["point_id", "state", "architecture", "width", "depth", "seed", "epochs", "frozen"]
    points[needed].to_parquet(tmp_path / "points.parquet")
    return tmp_path


def claims(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    app(["claims", *words, "--json"], standalone_mode=False)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def verdicts(found: dict[str, Any], number: int) -> dict[str, str]:
    (claim,) = (one for one in found["claims"] if one["number"] == number)
    return {answer["reading"]: answer["verdict"] for answer in claim["answers"]}


def test_the_columns_that_are_needed_are_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = claims(capsys, "--from", str(folder))
    assert found["sweep"] == folder.name
    assert found["points"] == {"finished": 24}
    assert verdicts(found, 1)["NPEET"] == verdicts(found, 1)["NPEET, trained less frozen"] == "supported"


def test_other_measures_are_read_from_their_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    epochs = pd.read_parquet(folder / "epochs.parquet")
    rows = epochs[["point_id", "epoch", "pair"]].assign(
        measure="ksg", scale="rank", unit="bits", value=epochs["mutual_information_bits"], ceiling=13.0
    )
    layers = rows.assign(pair=None, measure="geometry")
    pd.concat([rows, layers]).to_parquet(folder / "measures.parquet")
    assert verdicts(claims(capsys, "--from", str(folder)), 1)["rank"] == "supported"


def test_what_is_missing_is_named(folder: Path) -> None:
    file, command = folder / "points.parquet", ["claims", "--from", str(folder)]
    pd.read_parquet(file).drop(columns=["seed", "state"]).to_parquet(file)
    with pytest.raises(UsageError, match=r"points.parquet: lacks the columns state, seed; needed are point_id, state"):
        app(command, standalone_mode=False)
    file.write_bytes(b"no parquet")
    with pytest.raises(UsageError, match=r"points.parquet: cannot be read as parquet"):
        app(command, standalone_mode=False)
    file.unlink()
    with pytest.raises(UsageError, match=r"points.parquet: is not there"):
        app(command, standalone_mode=False)


@pytest.mark.parametrize("words", [[], ["demo", "--from", "."]])
def test_either_a_sweep_or_a_folder_is_judged(words: list[str]) -> None:
    with pytest.raises(UsageError, match="either SWEEP or --from DIR"):
        app(["claims", *words], standalone_mode=False)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("points", lambda rows: pd.concat([rows, rows[:1]]), "two rows of point_id"),
        ("epochs", lambda rows: pd.concat([rows, rows[:1]]), "two rows of point_id .*, epoch 0, pair first-merged"),
        ("points", lambda rows: rows.drop(columns="frozen"), "has the config of another point"),
        ("points", lambda rows: rows.assign(frozen=rows["frozen"].astype(str)), "column frozen holds"),
        ("points", lambda rows: rows.assign(seed=rows["seed"].astype(str)), "column seed holds"),
        ("points", lambda rows: rows.assign(state="Finished"), "state Finished is unknown; allowed are diverged"),
        ("points", lambda rows: rows.assign(state=None), "column state has no value in 24 rows"),
        ("points", lambda rows: rows.assign(batch_norm="yes"), "column batch_norm holds .*'yes'; allowed: bool"),
        (
            "points",
            lambda rows: rows.assign(batch_size="few"),
            "column batch_size holds .*'few'; allowed: all, or numbers",
        ),
        (
            "points",
            lambda rows: rows.assign(mi_ceiling_bits="13"),
            "column mi_ceiling_bits holds .*'13'; allowed: numbers",
        ),
        ("points", lambda rows: rows.assign(point_id=range(24)), r"column point_id holds .*\(0\); allowed: text"),
        ("epochs", lambda rows: rows.assign(pair=1), r"column pair holds .*\(1\); allowed: text"),
        ("points", lambda rows: rows.assign(sweep=["a", "b"] * (len(rows) // 2)), r"several sweeps \(a, b\)"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(
    folder: Path, file: str, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    path = folder / f"{file}.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(UsageError, match=said):
        app(["claims", "--from", str(folder)], standalone_mode=False)


@pytest.mark.parametrize(
    "attempts",
    [
        '[{"started": "2026-12-01T07:14:30+00:00"}]',
        "2026-12-01T07:14:30+00:00",
        3.0,
        [{"started": "2026-12-01T07:14:30"}],
        [{"started": "yesterday"}],
        [{"ended": "2026-12-01T07:14:30+00:00"}],
        [{"started": pd.Timestamp("2026-12-01", tz="UTC")}],
    ],
)
def test_attempts_without_a_time_that_can_be_compared_are_refused(folder: Path, attempts: object) -> None:
    path = folder / "points.parquet"
    points = pd.read_parquet(path)
    points.assign(attempt_times=[attempts] * len(points)).to_parquet(path)
    with pytest.raises(UsageError, match=r"column attempt_times holds .* allowed are lists of attempts"):
        app(["claims", "--from", str(folder)], standalone_mode=False)


def test_attempts_that_are_not_told_leave_definitions_undated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "points.parquet"
    points = pd.read_parquet(path)
    points.assign(attempt_times=None).to_parquet(path)
    assert {one["younger_than_data"] for one in claims(capsys, "--from", str(folder))["claims"]} == {None}


def test_without_ceilings_it_says_that_bounds_are_taken_for_levels(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["claims", "--from", str(folder)], standalone_mode=False)
    assert "no mi_ceiling_bits, the most bits that so many images can show" in capsys.readouterr().err
    path = folder / "points.parquet"
    pd.read_parquet(path).assign(mi_ceiling_bits=5.0).to_parquet(path)
    assert verdicts(claims(capsys, "--from", str(folder)), 1)["NPEET"] == "undecided"
    app(["claims", "--from", str(folder)], standalone_mode=False)
    assert "mi_ceiling_bits" not in capsys.readouterr().err


def measures_of(folder: Path) -> pd.DataFrame:
    epochs = pd.read_parquet(folder / "epochs.parquet")
    return epochs[["point_id", "epoch", "pair"]].assign(
        measure="rank", scale=None, unit="bits", value=1.0, ceiling=13.0
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop(columns="ceiling"), "lacks the column ceiling"),
        (lambda rows: rows.assign(ceiling="none"), "column ceiling holds .*'none'; allowed: numbers"),
        (lambda rows: pd.concat([rows, rows]), "two rows of point_id .*, measure rank; allowed is one"),
    ],
)
def test_measures_that_cannot_be_read_are_refused(
    folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    change(measures_of(folder)).to_parquet(folder / "measures.parquet")
    with pytest.raises(UsageError, match=f"measures.parquet: .*{said}"):
        app(["claims", "--from", str(folder)], standalone_mode=False)


def test_the_definitions_that_a_sweep_recorded_are_read_from_its_claims(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = recorded_now() | {"mlp-rises": {"version": 1, "since": "2026-11-21", "checksum": "0" * 16}}
    start = {"started": "2026-12-02T00:00:00+00:00", "definitions": held}
    (folder / "claims.json").write_text(json.dumps({"definitions_at_start": [start]}))
    found = claims(capsys, "--from", str(folder))
    assert found["definitions_at_start"] == [start]
    unlike = {one["name"]: one["otherwise_at_start"] for one in found["claims"]}
    assert unlike["mlp-rises"] == [{"started": start["started"], "version": 1, "checksum": "0" * 16}]
    assert unlike["shortcut-falls"] == []
    app(["claims", "--from", str(folder), "-o", str(folder)], standalone_mode=False)
    capsys.readouterr()
    assert claims(capsys, "--from", str(folder)) == found
    for wrong in ("{", '{"definitions_at_start": [1]}', '{"definitions_at_start": [{"started": "now"}]}'):
        (folder / "claims.json").write_text(wrong)
        with pytest.raises(UsageError, match="definitions_at_start cannot be read"):
            app(["claims", "--from", str(folder)], standalone_mode=False)

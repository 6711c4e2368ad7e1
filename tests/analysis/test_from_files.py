"""Claims judged by exported tables, of whatever origin."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.cli import app
from sweep.errors import UsageError
from tests.synthetic import grid, tables, with_still_twins, with_twins


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

"""The command `claims`: blocks for people, everything as JSON, files only where told."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.claims import CLAIMS
from analysis.cli import app
from sweep.store import Store, load
from trainables.config import TrialConfig
from trainables.records import PointResult


@pytest.fixture
def store(tmp_path: Path, result: Callable[[TrialConfig], PointResult]) -> Path:
    """The demo with made-up histories, but for the last trained point, which is missing."""
    store, spec = Store(tmp_path / "runs"), load("demo")
    store.save_spec(spec.name, spec.to_yaml())
    *_, missing = (point for point in spec.points if not point.frozen)
    for point in spec.points:
        if point is not missing:
            store.commit_result(point, result(point))
    return store.root


def command(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    app(["claims", "demo", *words], standalone_mode=False)
    return capsys.readouterr().out


def test_the_command_prints_blocks_that_fit_a_terminal(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = command(capsys, "--store", str(store)).splitlines()
    assert lines[0] == "sweep demo: 27 finished, 1 missing"
    assert all(len(line) <= 80 for line in lines if "next: " not in line)
    assert f"    next: sweep resume demo --store {store}" in lines


def test_the_command_gives_everything_as_json_and_writes_only_where_told(
    store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = sorted(store.rglob("*"))
    printed = json.loads(command(capsys, "--store", str(store), "--json", "-o", str(tmp_path / "out")))
    assert sorted(store.rglob("*")) == before
    assert json.loads((tmp_path / "out" / "claims.json").read_text()) == printed
    assert [claim["number"] for claim in printed["claims"]] == [claim.number for claim in CLAIMS]
    effects = [effect for claim in printed["claims"] for answer in claim["answers"] for effect in answer["effects"]]
    assert set(effects[0]) >= {"effect", "unit", "expected", "value", "low", "high", "n", "p", "verdict"}
    with open(tmp_path / "out" / "claims.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["number"] for row in rows} == {str(claim.number) for claim in CLAIMS}
    assert len(rows) >= len(effects)


def test_an_export_gives_the_verdicts_of_its_store(
    store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    app(["export", "demo", "-o", str(tmp_path / "out"), "--store", str(store)], standalone_mode=False)
    capsys.readouterr()
    of_store = json.loads(command(capsys, "--store", str(store), "--json"))
    app(["claims", "--from", str(tmp_path / "out"), "--json"], standalone_mode=False)
    of_files = json.loads(capsys.readouterr().out)
    assert of_files["sweep"] == "demo"
    for one, other in zip(of_store["claims"], of_files["claims"], strict=True):
        assert (one["verdict"], one["headline"]) == (other["verdict"], other["headline"])
        assert [answer["verdict"] for answer in one["answers"]] == [answer["verdict"] for answer in other["answers"]]

"""The results that the documents show are those of the sweeps whose claims lie beside them."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.claims import CLAIMS
from analysis.cli import app
from analysis.quantities import BALANCED_BITS, PAPER_BITS

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "results"
TEXT = (RESULTS / "README.md").read_text()
TEXT_CLAIMS = 10
"""The claims that the documents count; a later one is judged once its sweep has run."""


def claims(sweep: str) -> dict[str, Any]:
    return json.loads((RESULTS / sweep / "claims.json").read_text())


def row(claim: dict[str, Any]) -> str:
    """The line of a claim in the table, with the verdict by each reading and the first effect by each."""
    readings = {"error": "test error"}
    cells = []
    for answer in claim["answers"]:
        effect = answer["effects"][0]
        decimals = {"bits": 2, "rho": 2, "error": 3, "epochs": 1}[effect["unit"]]
        value, low, high = (f"{effect[name]:+.{decimals}f}" for name in ("value", "low", "high"))
        name = readings.get(answer["reading"], answer["reading"])
        cells.append(f"{name}: **{answer['verdict']}**, {value} [{low}, {high}] {effect['unit']}, n {effect['n']}")
    return f"| {claim['number']} | {claim['statement']} | {'<br>'.join(cells)} |"


def expected() -> list[str]:
    """Claims 1 to 9 are asked of the first paper's sweep, the tenth of the second one's."""
    found = {claim["number"]: claim for claim in claims("paper")["claims"]}
    found[10] = next(claim for claim in claims("isometry")["claims"] if claim["number"] == 10)
    return [row(found[number]) for number in sorted(found)]


def test_the_table_says_what_the_sweeps_said() -> None:
    earlier = TEXT[TEXT.index("# Earlier sweeps of both papers") :]
    assert re.findall(r"^\| \d+ \|.*$", earlier, re.MULTILINE) == expected()


@pytest.mark.parametrize("sweep", ["paper", "isometry"])
def test_every_point_is_finished_and_every_claim_of_theirs_is_stated_as_it_is_today(sweep: str) -> None:
    found = claims(sweep)
    assert set(found["points"]) == {"finished"}
    assert [one["number"] for one in found["claims"]] == list(range(1, TEXT_CLAIMS + 1))
    statements = {claim.number: claim.statement for claim in CLAIMS}
    assert [one["statement"] for one in found["claims"]] == [statements[one["number"]] for one in found["claims"]]


def test_the_readme_counts_them_alike() -> None:
    verdicts = [set(re.findall(r"\*\*(\w+)\*\*", line)) for line in expected()]
    counts = {word: sum(one == {word} for one in verdicts) for word in ("supported", "contradicted", "undecided")}
    differ = sum(len(one) > 1 for one in verdicts)
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    assert f"{words}, {differ} decided on one scale only" in " ".join((ROOT / "README.md").read_text().split())


def row_with_control(claim: dict[str, Any]) -> str | None:
    """The line of a claim in the table of the sweep with controls; None for one that it has no networks for.

    Of each measure the first effect that frozen networks are asked of too, or the first of all; and the verdict.
    """
    answers = {answer["reading"]: answer for answer in claim["answers"]}
    if not claim["answers"][0]["effects"]:
        return None
    cells = []
    for measure in ("NPEET", "balanced", "error"):
        beyond = answers.get(f"{measure}, trained less frozen", answers.get(measure))
        if beyond is None:
            continue
        name = beyond["effects"][0]["effect"]
        ways = [answers.get(measure), answers.get(f"{measure}, frozen"), answers.get(f"{measure}, trained less frozen")]
        values = [_value(way, name) for way in ways if way]
        cells.append(f"{measure.replace('error', 'test error')}: {', '.join(values)}")
    name = claim["answers"][0]["effects"][0]["effect"] if len(answers) == 1 else name
    return f"| {claim['number']} | {claim['statement']} | **{claim['verdict']}** | {name}: {'<br>'.join(cells)} |"


def _value(answer: dict[str, Any], name: str) -> str:
    effect = next((one for one in answer["effects"] if one["effect"] == name), None)
    if effect is None or effect["value"] is None:
        return "undefined"
    decimals = {"bits": 2, "rho": 2, "error": 4, "epochs": 1, "share": 2}[effect["unit"]]
    return f"{effect['value']:+.{decimals}f}"


def test_the_table_with_controls_says_what_its_sweep_said() -> None:
    found = claims("controls")
    assert set(found["points"]) == {"finished"}
    expected_rows = [row for one in found["claims"] if (row := row_with_control(one))]
    assert [line for line in TEXT.splitlines() if line in expected_rows] == expected_rows


def test_the_table_without_lag_says_what_its_sweep_said() -> None:
    (rises,) = [one for one in claims("recalibrated")["claims"] if one["number"] == 1]
    by_reading = {one["reading"]: one["effects"][0] for one in rises["answers"]}

    def cell(reading: str) -> str:
        effect = by_reading[reading]
        if abs(effect["value"]) < 1e-4:
            return "0"
        return f"{effect['value']:+.2f} [{effect['low']:+.2f}, {effect['high']:+.2f}]"

    expected = []
    for measure, scale in (("NPEET", "NPEET's number"), ("balanced", "balanced scale")):
        for statistics in ("", ", recalibrated"):
            networks = ("", ", frozen", ", trained less frozen")
            cells = [cell(f"{measure}{statistics}{of}") for of in networks]
            expected.append(f"| {scale} | {' | '.join(cells)} |")
    section = TEXT[TEXT.index("## With statistics that do not lag") : TEXT.index("# Earlier sweeps")]
    rows = re.findall(r"^\|(?: lagging| recalibrated)? (\| .*)$", section, re.MULTILINE)
    assert sorted(rows) == sorted(expected)


@pytest.mark.parametrize("sweep", ["controls", "recalibrated"])
def test_its_tables_give_these_verdicts_again(sweep: str, capsys: pytest.CaptureFixture[str]) -> None:
    app(["claims", "--from", str(RESULTS / sweep), "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    for one, kept in zip(printed["claims"], claims(sweep)["claims"], strict=True):
        assert (one["verdict"], one["headline"]) == (kept["verdict"], kept["headline"])


def test_no_path_of_a_machine_is_in_them() -> None:
    for path in RESULTS.rglob("*"):
        if path.suffix in (".json", ".csv", ".md"):
            assert not re.search(r"/(tmp|work|home|root)/", path.read_text()), path


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (RESULTS / target).exists(), target


def test_the_control_says_what_its_values_say() -> None:
    rows = pd.read_csv(RESULTS / "control" / "frozen.csv")
    medians = rows.groupby(["architecture", "epoch"])[[PAPER_BITS, BALANCED_BITS]].median()
    table = re.findall(r"^\| [^|]*\| (?:NPEET|balanced) \| (.*) \|$", TEXT, re.MULTILINE)
    expected = [
        " | ".join(f"{medians.loc[(architecture, epoch), column]:.2f}" for epoch in (0, 20, 50, 100))
        for architecture in ("mlp", "shortcut", "resnet")
        for column in (PAPER_BITS, BALANCED_BITS)
    ]
    assert table == expected
    assert (rows.groupby(["architecture", "epoch"])["seed"].nunique() == 3).all()


def test_beside_the_verdicts_stands_that_a_frozen_network_gives_the_same_curves() -> None:
    for document in (TEXT, (ROOT / "README.md").read_text()):
        assert "without any learning" in document or "never learns gives the same curves" in document

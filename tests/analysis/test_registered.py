"""Definitions of claims: registered with their day and checksum, recorded by sweeps, told where they are younger."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.claims import CLAIMS, Claim, Judgement, beside_older, beside_starts, document, judge, on_rules, text
from analysis.claims.checksum import checksum
from analysis.claims.earlier import EARLIER
from analysis.claims.registered import version_of
from analysis.registered import EQUAL, REGISTERED, RULES, recorded_now
from sweep.store import Store, record_definitions, recorded_definitions
from tests.judged import BY_NAME, ORIGIN
from tests.synthetic import Measured, grid, tables
from tests.worlds import as_told, both_papers
from trainables.config import TrialConfig

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "claims.md"


@pytest.mark.parametrize("name", BY_NAME)
def test_the_last_registered_version_is_the_claim_as_it_is(name: str) -> None:
    claim, last = BY_NAME[name], REGISTERED[name][-1]
    assert (claim.version, checksum(claim)) == (last.number, last.checksum), (
        f"what decides the verdict on {name} changed: register version {last.number + 1} of it, with the minute, what "
        "it changes and this checksum; code that was only rewritten keeps its version, with its old checksum in EQUAL"
    )


def test_versions_are_numbered_and_dated_in_order() -> None:
    for versions in [*REGISTERED.values(), RULES]:
        assert [one.number for one in versions] == list(range(1, len(versions) + 1))
        assert [one.since for one in versions] == sorted(one.since for one in versions)
    assert set(REGISTERED) == set(BY_NAME)
    assert set(EQUAL) <= {versions[-1].checksum for versions in REGISTERED.values()}


@pytest.mark.parametrize("claim", EARLIER, ids=lambda claim: claim.name)
def test_an_earlier_definition_is_registered_and_differs(claim: Claim) -> None:
    now = BY_NAME[claim.name]
    assert version_of(claim).number == claim.version < now.version
    assert checksum(claim) != checksum(now)


def judged_at(started: str, tables_of: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, Judgement]:
    """Of every claim, by points whose first attempts started then."""
    epochs, points = tables_of
    points = points.assign(attempt_times=[[{"started": started}]] * len(points))
    return {one.claim.name: one for one in beside_older(judge(epochs, points, CLAIMS, ORIGIN), epochs, points, ORIGIN)}


def test_a_definition_younger_than_the_data_is_told_with_the_verdict_by_the_one_before_them() -> None:
    found = judged_at("2026-11-23T12:00:00+00:00", tables(both_papers(), as_told))
    later = {name for name, versions in REGISTERED.items() if versions[0].since > "2026-11-23"}
    earlier = [claim for claim in EARLIER if claim.name not in later]
    assert {name for name, one in found.items() if one.is_younger} == {claim.name for claim in earlier} | later
    assert "and the first of this claim" in text([found[min(later)]], 200)
    assert found["mlp-rises"].older is None
    for claim in earlier:
        assert (found[claim.name].older.version, found[claim.name].older.verdict) == (claim.version, "supported")
    said = text([found["final-mi-not-needed"]], 200)
    assert "definition 4 is younger than these runs; by definition 3, of 2026-11-22: supported" in said
    (plain,) = [one for one in document("made", {}, list(found.values()))["claims"] if one["number"] == 9]
    assert (plain["version"], plain["younger_than_data"], plain["earlier"]["version"]) == (4, True, 3)
    assert plain["checksum"] == version_of(BY_NAME["final-mi-not-needed"]).checksum


def test_data_of_the_same_day_are_before_a_definition_of_a_later_minute() -> None:
    judged = tables(grid(architecture="shortcut", seed=range(6), epochs=8), as_never_trained)
    before, after = (judged_at(f"2026-12-01T{at}:00+00:00", judged)["one-epoch-trains"] for at in ("10:16", "10:18"))
    assert (before.is_younger, before.older.version, before.older.verdict) == (True, 1, "undecided")
    assert (before.verdict, after.verdict, after.is_younger) == ("contradicted", "contradicted", False)


def as_never_trained(config: TrialConfig) -> Measured:
    """A world in which the error never falls."""
    bits = np.full(config.epochs + 1, 5.0)
    return Measured(np.full(config.epochs + 1, 0.9), {"first-merged": (bits, bits)})


def test_one_that_is_not_kept_is_said_to_be_so() -> None:
    found = judged_at("2026-11-21T12:00:00+00:00", tables(both_papers(seeds=[0, 1]), as_told))
    said = text([found["depth-hinders"]], 200)
    assert "by definition 1, of 2026-11-21: not judged, as it is not kept" in said


def test_data_of_today_are_judged_by_definitions_that_stood_before_them() -> None:
    found = judged_at(datetime.now(UTC).isoformat(), tables(grid(seed=[0, 1], epochs=4), as_told))
    assert not any(one.is_younger for one in found.values())


def test_a_sweep_keeps_the_definitions_of_its_first_start_and_adds_those_that_changed(tmp_path: Path) -> None:
    store, now = Store(tmp_path), datetime(2026, 12, 1, tzinfo=UTC)
    held = recorded_now()
    assert held["rules"]["version"] == RULES[-1].number
    for _ in range(2):
        record_definitions(store, "demo", held, now)
    changed = held | {"mlp-rises": {"version": 9, "since": "2027-01-01", "checksum": "0" * 16}}
    record_definitions(store, "demo", changed, now)
    starts = recorded_definitions(store, "demo")
    assert [one["definitions"] for one in starts] == [held, changed]
    assert starts[0]["started"] == now.isoformat()


def start(**held: dict[str, object]) -> dict[str, object]:
    """A start with the definitions of now, but for these."""
    return {"started": "2026-12-01T07:14:23.085691+00:00", "definitions": recorded_now() | held}


def test_a_definition_that_is_another_than_the_sweep_recorded_is_told() -> None:
    judgements = judge(*tables(grid(seed=[0, 1], epochs=4), as_told), CLAIMS, ORIGIN)
    now = recorded_now()
    rewritten = now["mlp-rises"] | {"checksum": "0" * 16}
    of_text_alone = now["depth-hinders"] | {"checksum": "b6c81e2450b9ae26"}
    before = now["resnet-peaks"] | {"version": 1, "checksum": None}
    recorded = start(**{"mlp-rises": rewritten, "depth-hinders": of_text_alone, "resnet-peaks": before})
    recorded["definitions"].pop("mi-mediates")
    found = {one.claim.name: one for one in beside_starts(judgements, [start(), recorded])}
    assert {name for name, one in found.items() if one.unlike} == {"mlp-rises", "resnet-peaks", "mi-mediates"}
    said = {name: " ".join(text([found[name]], 200).split()) for name in found}
    when = "where the sweep, started 2026-12-01 07:14, recorded"
    assert f"judged by definition 1, {when} another text or code of it, checksum {'0' * 16}" in said["mlp-rises"]
    assert f"judged by definition 2, {when} definition 1" in said["resnet-peaks"]
    assert f"judged by definition 1, {when} none" in said["mi-mediates"]
    assert when not in said["depth-hinders"]
    plain = {one["name"]: one for one in document("made", {}, list(found.values()))["claims"]}
    assert [one["version"] for one in plain["resnet-peaks"]["otherwise_at_start"]] == [1]
    assert plain["depth-hinders"]["otherwise_at_start"] == []


def test_without_recorded_definitions_nothing_is_said_of_them() -> None:
    (found,) = beside_starts(judge(*tables(grid(seed=[0, 1], epochs=4), as_told), CLAIMS[:1], ORIGIN), [])
    assert found.unlike is None
    assert "recorded" not in text([found], 200)
    assert document("made", {}, [found])["claims"][0]["otherwise_at_start"] is None


def test_rules_that_are_others_than_the_sweep_recorded_are_told() -> None:
    before = start(rules={"version": 3, "since": "2026-12-01", "checksum": None})
    assert on_rules([before]) == "judged by rules 4, where the sweep, started 2026-12-01 07:14, recorded rules 3"
    assert on_rules([start()]) is None
    assert on_rules([]) is None
    assert document("made", {}, [], [before])["rules"]["otherwise_at_start"][0]["version"] == 3


def test_what_is_younger_than_the_data_is_not_told_twice() -> None:
    judged = tables(both_papers(), as_told)
    found = judged_at("2026-11-23T12:00:00+00:00", judged)["final-mi-not-needed"]
    held = {"version": 3, "since": "2026-11-22", "checksum": None}
    (beside,) = beside_starts([found], [start(**{"final-mi-not-needed": held})])
    assert beside.unlike
    assert text([beside], 200) == text([found], 200)


def test_definitions_that_are_damaged_or_not_there_are_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert recorded_definitions(store, "demo") == []
    record_definitions(store, "demo", recorded_now(), datetime(2026, 12, 1, tzinfo=UTC))
    (path,) = tmp_path.rglob("definitions")
    whole = path.read_bytes()
    for wrong in (whole.replace(b"mlp-rises", b"mlp-falls"), b"{", json.dumps({"starts": [1]}).encode()):
        path.write_bytes(wrong)
        assert recorded_definitions(store, "demo") == []


def test_the_documents_tell_every_change_of_a_definition() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \| ([\d, ]+) \| (\d{4}-\d\d-\d\d\S*) \|", DOCUMENT.read_text(), re.MULTILINE)
    told = set()
    for numbers, versions, since in rows:
        of_claims, of_versions = numbers.split(", "), versions.split(", ")
        if len(of_claims) == 1:
            told |= {(of_claims[0], version, since) for version in of_versions}
        else:
            told |= {(number, version, since) for number, version in zip(of_claims, of_versions, strict=True)}
    changed = {
        (str(BY_NAME[name].number), str(one.number), one.since[:10])
        for name, versions in REGISTERED.items()
        for one in versions[1:]
    }
    assert told == changed

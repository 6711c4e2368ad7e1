"""The store of the first schema: today's code tells of it what its own code told, and computes nothing of it anew."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analysis.tables import from_store
from analysis.tables.tables import epoch_rows
from sweep.spec import SweepSpec
from sweep.store import Attempt, State, Store, load
from sweep.system import provenance
from tests.code_edits import ADD_AN_ARCHITECTURE, Edit, edited_copy, move, replace
from tests.commands import Command, Done
from tests.epoch_tables import CLOCKS, as_then, as_worded_then
from tests.files import files
from tests.processes import COMMAND, bare_environment
from tests.store_schema.conftest import BEGUN, DONE, SCHEMA_1
from trainables.config import TrialConfig
from trainables.identity import code_sha256, components
from trainables.identity.equal_code import BEFORE_COMPONENTS, EQUAL_NUMBERS, FIRST, OF_LATER_KINDS
from trainables.records import PointResult, arrow_to_table

EXPECTED = SCHEMA_1 / "expected"
ARCHITECTURES = ("mlp", "shortcut", "resnet")
VARIABLES_SHA256 = "6e7e8ad7b4d64f5dd042d0b6939df594644bc0ee88e4759faae1881f4c7767ac"
"""Of the variables in the last snapshot of the interrupted point, from which the second golden test below goes on."""

EDITS_OF_NO_NUMBER = {
    "an architecture is added": ADD_AN_ARCHITECTURE,
    "a module is renamed": move("initializers.py", "starts.py"),
    "a module is moved": move("training.py", "fitting/training.py"),
}

Ended = Done | subprocess.CompletedProcess[str]


def without_clocks(table: pa.Table) -> pa.Table:
    return table.drop_columns([name for name in CLOCKS if name in table.column_names])


@pytest.fixture
def done() -> SweepSpec:
    return load(DONE)


def test_status_and_claims_say_what_they_said(sweep: Command, root: Path) -> None:
    before = files(root)
    assert json.loads(sweep("status", "done", "--json").stdout) == json.loads((EXPECTED / "status.json").read_text())
    assert json.loads(sweep("claims", "done", "--json").stdout) == json.loads((EXPECTED / "claims.json").read_text())
    assert files(root) == before


def test_an_export_has_equal_tables(sweep: Command, tmp_path: Path) -> None:
    assert sweep("export", "done", "-o", str(tmp_path / "tables")).returncode == 0
    for name in ("epochs.parquet", "points.parquet"):
        now, then = pq.read_table(tmp_path / "tables" / name), pq.read_table(EXPECTED / name)
        assert as_worded_then(as_then(now, then), then).equals(then, check_metadata=True), name


def test_a_point_of_each_state_is_read_as_it_was_written(root: Path, done: SweepSpec) -> None:
    store, begun = Store(root), load(BEGUN).points
    points = [done.points[0], *begun, next(point for point in done.points if point.optimizer == "sgd")]
    states = [store.state(point) for point in points]
    assert [str(one.state) for one in states] == ["finished", "interrupted", "failed", "missing", "diverged"]
    assert [one.epochs_done for one in states] == [6, 24, 1, 0, 2]
    assert [len(one.attempts) for one in states] == [1, 1, 1, 0, 1]
    failure = states[2].failure
    assert failure
    assert (failure.kind, failure.message) == ("numeric", "FloatingPointError: the fixture's point fails here")
    snapshot = store.snapshot(begun[0])
    assert snapshot
    steps = next(variable for variable in snapshot.variables if variable.dtype == "int64")
    assert steps == snapshot.epoch == 24
    content = b"".join(variable.tobytes() for variable in snapshot.variables)
    assert hashlib.sha256(content).hexdigest() == VARIABLES_SHA256
    tables = from_store(store, "begun")
    expected = pq.read_table(EXPECTED / "begun_points_before.parquet")
    assert as_then(tables.points, expected).equals(expected)
    for point, state in zip(begun[:2], states[1:3], strict=True):
        kept = (pc.field("point_id") == point.point_id) & (pc.field("epoch") <= state.epochs_done)
        then = pq.read_table(EXPECTED / "begun_epochs.parquet", filters=kept)
        assert then.num_rows == state.epochs_done + 1
        assert tables.epochs.filter(kept).equals(then)
    assert [store.quarantine(point) for point in points] == [[]] * len(points)


def test_an_interrupted_point_gets_its_next_attempt_and_its_result(
    root: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    store, point = Store(root), load(BEGUN).points[0]
    assert store.begin_attempt(point.point_id, Attempt(0, "now", "here", 24, {})).number == 2
    store.commit_result(point, result(point))
    assert store.state(point).state is State.FINISHED


@pytest.mark.parametrize(("spec", "to_run"), [(DONE, 0), (BEGUN, 2)])
def test_a_plan_finds_what_is_done_and_no_other_code(sweep: Command, spec: str, to_run: int) -> None:
    plan = json.loads(sweep("plan", spec, "--json").stdout)
    assert len(plan["to_run"]) == to_run
    change = plan["code_change"] or {"parts": {}}
    assert not set(change["parts"]) & {*components.identities(), "trainables"}


def test_a_run_has_nothing_to_do_and_changes_no_record(sweep: Command, root: Path) -> None:
    before = files(root / "points")
    ended = sweep("run", DONE)
    assert ended.returncode == 0, ended.stderr
    assert "20 points (19 finished, 1 diverged), 0 to run" in ended.stderr
    assert files(root / "points") == before


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Edit], None]:
    """Makes an edited copy of the package the code whose identity commands tell."""

    def apply(edit: Edit) -> None:
        copy = edited_copy(tmp_path, edit)
        found, checksum = components.identities(copy), code_sha256(copy)
        assert checksum != code_sha256()
        monkeypatch.setattr(components, "identities", lambda: found)
        monkeypatch.setattr(provenance, "code_sha256", lambda: checksum)

    return apply


def test_a_changed_component_is_told_of_its_points_alone(
    sweep: Command, done: SweepSpec, use: Callable[[Edit], None]
) -> None:
    use(replace("architectures/resnet.py", "% 2 == 1", "% 2 == 0"))
    change = json.loads(sweep("plan", DONE, "--json").stdout)["code_change"]
    assert set(change["points"]) == {point.point_id for point in done.points if point.architecture == "resnet"}
    assert set(change["parts"]) == {"architecture resnet"}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, id=name, marks=[] if place == 0 else pytest.mark.slow)
        for place, (name, edit) in enumerate(EDITS_OF_NO_NUMBER.items())
    ],
)
def test_what_decides_no_number_leaves_nothing_to_do(
    sweep: Command, root: Path, use: Callable[[Edit], None], edit: Edit
) -> None:
    use(edit)
    before = files(root / "points")
    assert_nothing_to_do(sweep("plan", DONE, "--json"), sweep("run", DONE))
    assert files(root / "points") == before


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS_OF_NO_NUMBER.values(), ids=EDITS_OF_NO_NUMBER)
def test_a_program_of_which_a_part_was_added_or_moved_has_nothing_to_do(
    root: Path, edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, with the edited copy as the code that runs."""
    copy = edited_copy(tmp_path / "edited", edit)
    monkeypatch.chdir(root.parent)
    environment = bare_environment() | {"PYTHONPATH": os.pathsep.join([str(copy.parent), str(components.ROOT.parent)])}
    before = files(root / "points")
    plan, run = (
        subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True, check=False)
        for words in (["plan", DONE, "--json"], ["run", DONE])
    )
    assert_nothing_to_do(plan, run)
    assert json.loads(plan.stdout)["code"]["code_sha256"] == code_sha256(copy)
    assert files(root / "points") == before


def assert_nothing_to_do(plan: Ended, run: Ended) -> None:
    """The plan and the run of `done` find every point there, computed by the code of now."""
    assert plan.returncode == 0, plan.stderr
    assert json.loads(plan.stdout)["to_run"] == []
    assert run.returncode == 0, run.stderr
    assert "20 points (19 finished, 1 diverged), 0 to run" in run.stderr
    changed = (json.loads(plan.stdout)["code_change"] or {"parts": {}})["parts"]
    assert not set(changed) & {*components.identities(), "trainables"}
    if not changed:  # these packages have the versions of then
        assert "other code" not in run.stderr


def test_the_code_of_every_component_is_known_to_give_the_numbers_of_this_store() -> None:
    """Fails where code was rewritten; whether its numbers are the same is for the golden test below to say."""
    now = components.identities()
    unknown = [name for name, identity in FIRST.items() if not components.are_equal(name, FIRST[name], now[name])]
    assert not unknown, (
        f"the code of {', '.join(unknown)} was changed. If the golden test of this module passes, no number moved: put "
        "the lines that `python -m trainables.identity` prints for them into EQUAL_NUMBERS of "
        "trainables/identity/equal_code.py. If numbers were meant to change, say so in the CHANGELOG, and see there."
    )


def test_the_table_of_equal_code_names_components_and_begins_with_this_store(root: Path, done: SweepSpec) -> None:
    assert FIRST.keys() <= components.identities().keys()
    assert {name for point in done.points for name in components.names(point)} <= FIRST.keys() >= OF_LATER_KINDS.keys()
    assert all(
        known[0] == FIRST.get(name, known[0]) and len(known) == len(set(known)) for name, known in EQUAL_NUMBERS.items()
    )
    results = [Store(root).result(point) for point in done.points]
    assert {result.provenance["code_sha256"] for result in results if result} == set(BEFORE_COMPONENTS)


def vector_extensions() -> str:
    """Those of this machine's processor, for which XLA compiles: others round otherwise."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return " ".join(sorted(flag for flag in flags if flag.startswith(("sse", "ssse", "avx", "fma", "f16c", "amx"))))


def skip_unless_numbers_can_be_equal(recorded: Mapping[str, Any]) -> None:
    if vector_extensions() != (EXPECTED / "processor.txt").read_text().strip():
        pytest.skip("these numbers are those of a processor with other vector extensions")
    here = provenance.current()["packages"]
    then = {name: recorded["packages"].get(name) for name in (*provenance.NUMERIC, "tensorflow")}
    if other := {name: found for name, found in then.items() if here.get(name) != found}:
        pytest.skip(f"these numbers are those of other versions: {other}")


def recompute(folder: Path) -> None:
    script = Path(__file__).with_name("recompute.py")
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    path = os.pathsep.join([str(components.ROOT.parent), environment.get("PYTHONPATH", "")])
    subprocess.run([sys.executable, str(script), str(folder)], check=True, env=environment | {"PYTHONPATH": path})


def assert_equal_but_for_clocks(name: str, now: pa.Table, then: pa.Table) -> None:
    then, now = without_clocks(then), without_clocks(now)
    for column in then.column_names:
        assert now[column].combine_chunks().equals(then[column].combine_chunks()), (name, column)


@pytest.mark.slow
def test_points_computed_anew_have_the_same_numbers_bit_for_bit(root: Path, done: SweepSpec, tmp_path: Path) -> None:
    chosen = {name: next(point for point in done.points if point.architecture == name) for name in ARCHITECTURES}
    noisy = next(point for point in done.points if point.channel_noise)
    diverged = next(point for point in done.points if point.optimizer == "sgd")
    points = {**chosen, "noisy": noisy, "diverged": diverged}
    kept = {name: Store(root).result(point) for name, point in points.items()}
    for name, result in kept.items():
        assert result
        skip_unless_numbers_can_be_equal(result.provenance)
        (tmp_path / f"{name}.json").write_text(points[name].model_dump_json())
    recompute(tmp_path)
    for name, result in kept.items():
        assert result
        now = arrow_to_table((tmp_path / f"{name}.arrow").read_bytes())
        assert_equal_but_for_clocks(name, now, arrow_to_table(result.history_arrow))


@pytest.mark.slow
def test_an_interrupted_point_goes_on_to_the_same_numbers_bit_for_bit(root: Path, tmp_path: Path) -> None:
    store = Store(root)
    point = next(point for point in load(BEGUN).points if store.state(point).state is State.INTERRUPTED)
    snapshot = store.snapshot(point)
    assert snapshot
    assert 0 < snapshot.epoch < point.epochs
    skip_unless_numbers_can_be_equal(store.state(point).provenance)
    (tmp_path / "point.json").write_text(point.model_dump_json())
    (tmp_path / "point.snapshot").write_bytes(snapshot.to_bytes())
    recompute(tmp_path)
    history = arrow_to_table((tmp_path / "point.arrow").read_bytes())
    now = epoch_rows("begun", point.point_id, point.flat(), history)
    then = pq.read_table(EXPECTED / "begun_epochs.parquet", filters=[("point_id", "=", point.point_id)])
    assert then["epoch"].to_pylist() == list(range(point.epochs + 1))
    assert_equal_but_for_clocks(point.point_id, now, then)

"""Failing trials in real sweeps: processes that die, hang or raise, every point alike."""

import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis.tables import from_store
from sweep.cluster.connection import MESSAGES
from sweep.failures.health import ALIKE
from sweep.store import Store
from tests.injection.strikes import FROZEN, HUNG, KILLED, NUMERIC, OUT_OF_MEMORY
from tests.processes import ONE_AT_A_TIME
from tests.struck import Sweeps

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("struck")


WELL, DIVERGED = 5, 6
EPOCHS = 80
MIXED = f"""
name: struck
fixed: {{dataset: digits, architecture: mlp, width: 4, depth: 3}}
include:
- fixed: {{epochs: {EPOCHS}}}
  grid: {{seed: [{KILLED}, {OUT_OF_MEMORY}, {HUNG}, {FROZEN}, {NUMERIC}, {WELL}]}}
- fixed: {{epochs: 20, seed: {DIVERGED}, learning_rate: 1.0e+38, batch_norm: false, optimizer: sgd}}
measure: {{every: 20}}
resources: {{gpus: 0, cpus: 1}}
"""


@pytest.fixture(scope="module")
def mixed(module_folder: Path) -> Iterator[tuple[Sweeps, subprocess.CompletedProcess[str]]]:
    """A sweep in which every kind of failure happens."""
    sweeps = Sweeps.in_folder(module_folder)
    sweeps.environment["SWEEP_HANG_SECONDS"] = "10"
    sweeps.strike("fail_by_seed", folder=str(module_folder))
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp", ignore_cleanup_errors=True) as short:  # Ray's sockets
        sweeps.environment["TMPDIR"] = short
        yield sweeps, sweeps.run("run", sweeps.spec(MIXED))


def test_points_that_can_finish_do_and_the_others_are_failures(mixed: tuple) -> None:
    sweeps, done = mixed
    assert done.returncode == 3, done.stderr
    states = {seed: str(state.state) for seed, state in sweeps.states().items()}
    fine = dict.fromkeys((KILLED, HUNG, FROZEN, WELL), "finished")
    assert states == fine | {OUT_OF_MEMORY: "failed", NUMERIC: "failed", DIVERGED: "diverged"}, done.stderr


def test_a_killed_process_goes_on_from_its_snapshot_and_leaves_its_last_words(mixed: tuple) -> None:
    sweeps, _ = mixed
    first, second = sweeps.states()[KILLED].attempts
    assert (first.failure.kind, first.failure.message) == ("infra", "its process died without a word")
    newest_snapshot, killed_at = map(int, (sweeps.folder / "kept").read_text().split())
    assert 0 < second.from_epoch == newest_snapshot < killed_at < EPOCHS
    assert second.failure is None
    point = next(point for point in Store(sweeps.store).spec("struck").points if point.seed == KILLED)
    assert "last words of the killed" in Store(sweeps.store).log(point.point_id, 1)
    assert len(sweeps.states()[WELL].attempts) == 1


def test_what_ray_says_of_dead_processes_is_in_its_log_and_not_on_the_terminal(mixed: tuple) -> None:
    sweeps, done = mixed
    assert done.stdout == ""
    assert "raylet" not in done.stderr
    (log,) = Path(sweeps.environment["TMPDIR"]).rglob(MESSAGES)
    assert "(raylet) A worker died or was killed" in log.read_text()


def test_out_of_memory_is_tried_once_more_after_the_others(mixed: tuple) -> None:
    sweeps, done = mixed
    states = sweeps.states()
    first, second = states[OUT_OF_MEMORY].attempts
    assert [one.failure.kind for one in (first, second)] == ["resource", "resource"]
    others = [one.ended for seed in (KILLED, HUNG, FROZEN, WELL) for one in states[seed].attempts if one.ended]
    assert second.started >= max(others)
    assert "to run again: 1 failed point, with more room for each" in done.stderr


def test_a_trial_that_hangs_is_ended_and_goes_on(mixed: tuple) -> None:
    first, second = mixed[0].states()[HUNG].attempts
    assert first.failure.kind == "infra"
    assert first.failure.message.startswith("hung: no epoch in ")
    assert "in fail_by_seed" in first.failure.traceback
    assert second.failure is None


def test_a_trial_that_is_frozen_and_cannot_end_itself_is_killed_by_the_driver(mixed: tuple) -> None:
    first, second = mixed[0].states()[FROZEN].attempts
    assert first.failure.kind == "infra"
    assert first.failure.message.startswith("hung: no report in ")
    assert second.failure is None


def test_numeric_errors_and_divergence_are_not_tried_again(mixed: tuple) -> None:
    states = mixed[0].states()
    (only,) = states[NUMERIC].attempts
    assert only.failure.kind == "numeric"
    assert len(states[DIVERGED].attempts) == 1


def test_a_diverging_point_is_a_result_with_its_epochs_so_far(mixed: tuple) -> None:
    rows = from_store(Store(mixed[0].store), "struck").points.to_pandas().set_index("seed")
    assert rows.loc[DIVERGED, "state"] == "diverged"
    assert 0 < rows.loc[DIVERGED, "epochs_done"] < 20


def test_failures_are_told_by_cause_with_the_command_for_each(mixed: tuple) -> None:
    sweeps, _ = mixed
    before = {path: path.stat().st_mtime_ns for path in sweeps.store.rglob("*")}
    causes = sweeps.causes()
    assert set(causes) == {"resource", "numeric"}
    assert causes["resource"]["attempts"] == 2
    assert "FloatingPointError: overflow in unit" in "\n".join(causes["numeric"]["log"])
    assert (
        causes["numeric"]["place"].startswith("trainables/training.py") or "strikes" in causes["numeric"]["traceback"]
    )
    assert shlex.split(causes["numeric"]["retry"])[:5] == ["sweep", "resume", "struck", "--retry", "numeric"]
    told = sweeps.run("failures", "struck")
    assert "overcome: 3 earlier failures (3 infra) of 3 points" in told.stdout
    assert "next: sweep resume struck --retry resource --max-concurrent 1" in told.stderr
    shown = sweeps.run("show", "struck", "mlp-w4-d3-s0")
    assert "at epoch 80" in shown.stdout
    assert {path: path.stat().st_mtime_ns for path in sweeps.store.rglob("*")} == before


ALL = f"""
name: struck
fixed: {{dataset: digits, architecture: mlp, width: 4, depth: 3}}
include:
- fixed: {{epochs: 2}}
  grid: {{seed: [0, 1, 2, 3, 4, 5, 7, 8, 9]}}
- fixed: {{epochs: 20, seed: {DIVERGED}, learning_rate: 1.0e+38, batch_norm: false, optimizer: sgd}}
resources: {{gpus: 0, cpus: 1}}
"""


def test_a_sweep_of_which_every_point_fails_alike_stops_and_its_points_run_again_only_when_asked(
    sweeps: Sweeps,
) -> None:
    sweeps.strike("fail_alike")
    spec = sweeps.spec(ALL)
    done = sweeps.run("run", spec, *ONE_AT_A_TIME)  # else one more may have begun beside the last
    assert done.returncode == 3, done.stderr
    states = sweeps.states()
    assert sum(len(state.attempts) for state in states.values()) == ALIKE
    assert done.stderr.count("no such thing as") == 1
    assert f"stopped: {ALIKE} executions failed alike and none did better" in done.stderr
    (cause,) = sweeps.causes().values()
    assert len(cause["points"]) == ALIKE
    failed = rows_of_points(sweeps).query("state == 'failed'")
    assert set(failed["point_id"]) == set(cause["points"])
    assert set(failed["failure_kind"]) == {"code"}
    assert failed["failure_message"].str.contains("no such thing as").all()

    sweeps.strike("nothing")
    unasked = sweeps.run("run", spec, *(word for point in cause["points"] for word in ("--point", point)))
    assert unasked.returncode == 3
    assert "0 to run" in unasked.stderr
    retry = shlex.split(cause["retry"])[1:]
    assert retry[retry.index("--retry") + 1] == "code"
    again = sweeps.run(*retry)
    assert again.returncode == 0, again.stderr
    rows = rows_of_points(sweeps).set_index("seed")
    assert rows["state"].to_dict() == dict.fromkeys(range(10), "finished") | {DIVERGED: "diverged"}
    assert set(rows.set_index("point_id")["attempts"][cause["points"]]) == {2}


def rows_of_points(sweeps: Sweeps) -> pd.DataFrame:
    return from_store(Store(sweeps.store), "struck").points.to_pandas()

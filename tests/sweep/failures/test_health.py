"""Verdicts over many failures: a sweep that cannot succeed, a host that is sick; and why a process died."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.failures import FailedExecution, Health, explain, oom_kills
from sweep.failures.health import ALIKE, BARRED_AFTER
from sweep.timing import Timing
from sweep.trial.watchdog import Pace


def fail(
    health: Health,
    point: str,
    host: str = "one",
    kind: str = "code",
    cause: str = "a",
    epoch: int = 0,
    has_reported: bool = False,
    running: dict[str, int] | None = None,
    hosts: set[str] | None = None,
    alive: tuple[str, ...] = ("one", "two"),
) -> None:
    blow = FailedExecution(point, host, kind, cause, epoch, has_reported)
    health.failed(blow, running or {}, hosts or set(), alive)


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_only_equal_causes_in_a_row_are_failing_alike(causes: list[str]) -> None:
    health = Health()
    for number, cause in enumerate(causes):
        fail(health, str(number), cause=cause)
        if health.failing_alike:
            assert len(set(causes[number + 1 - ALIKE : number + 1])) == 1
            return
    assert all(len(set(causes[n : n + ALIKE])) > 1 for n in range(len(causes) - ALIKE + 1))


@given(st.integers(0, 4), st.lists(st.booleans(), max_size=20))
def test_one_success_shows_that_a_sweep_is_not_failing_alike(before: int, after: list[bool]) -> None:
    health = Health()
    for number in range(before):
        fail(health, str(number))
    health.succeeded("one")
    for number, is_good in enumerate(after):
        if is_good:
            health.succeeded("one")
        else:
            fail(health, f"later {number}")
    assert health.failing_alike is None


def test_a_point_that_is_further_than_those_that_failed_gives_hope() -> None:
    health = Health()
    for number in range(ALIKE):
        fail(health, str(number), epoch=50, running={"x": 51})
    assert health.failing_alike is None
    fail(health, "again", epoch=50, running={"x": 50})
    assert health.failing_alike


def test_no_more_start_than_can_fail_alike_until_one_does_better() -> None:
    health = Health()
    assert [health.may_launch(number) for number in (0, ALIKE - 1, ALIKE)] == [True, True, False]
    health.progressed("one", 0)
    assert not health.may_launch(ALIKE)
    health.progressed("one", 1)
    assert health.may_launch(ALIKE)


def test_failures_that_differ_do_not_hold_back_the_rest() -> None:
    health = Health()
    fail(health, "1", cause="a")
    assert not health.may_launch(ALIKE)
    fail(health, "2", cause="b")
    assert health.may_launch(ALIKE)


def test_a_host_that_fails_where_another_does_not_is_sick() -> None:
    health = Health()
    health.progressed("two", 3)
    for number in range(BARRED_AFTER):
        assert health.barred_hosts == set()
        fail(health, str(number), kind="infra")
    assert health.barred_hosts == {"one"}
    assert health.failing_alike is None


def test_a_host_where_the_others_run_is_known_to_be_in_use_before_they_report() -> None:
    health = Health()
    for number in range(BARRED_AFTER):
        fail(health, str(number), kind="infra", hosts={"two"})
    assert health.barred_hosts == {"one"}


@pytest.mark.parametrize("reason", ["one point", "code", "no other", "other is dead", "a success between"])
def test_a_host_is_not_sick_for(reason: str) -> None:
    health = Health()
    if reason != "no other":
        health.progressed("two", 3)
    for number in range(BARRED_AFTER):
        if reason == "a success between" and number == 1:
            health.succeeded("one")
        fail(
            health,
            "same" if reason == "one point" else str(number),
            kind="code" if reason == "code" else "infra",
            alive=("one",) if reason == "other is dead" else ("one", "two"),
        )
    assert health.barred_hosts == set()


def test_processes_that_all_die_at_once_are_failing_alike_but_not_those_that_came_far() -> None:
    health = Health()
    for number in range(2 * ALIKE):
        fail(health, str(number), kind="infra", has_reported=True, epoch=9)
    assert health.failing_alike is None
    for number in range(ALIKE):
        fail(health, str(number), kind="infra")
    assert health.failing_alike


# deaths

UNKNOWN_FLAG = (
    "epoch 0\nF0000 00:00:1796035161.650503    2712 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: "
    "--xla_no_such_flag\n*** Check failure stack trace: ***\n"
)
CHECK_FAILED = "2026-11-30 10:12:00.123456: F xla/service/x.cc:9] Check failed: status == 0 (1 vs. 0) \n@ 0x1\n"
HUNG = 'before\nTimeout (0:10:00)!\nThread 0x1 (most recent call first):\n  File "trainables/x.py", line 3 in f\n'


@pytest.mark.parametrize(
    ("printed", "said", "silent", "is_oom", "kind", "message"),
    [
        (HUNG, "", None, False, "infra", "hung: no epoch in 600 s"),
        ("", "", 95.4, False, "infra", "hung: no report in 95 s"),
        ("", "", None, True, "resource", "ran out of memory"),
        ("", "killed due to the node running low on memory", None, False, "resource", "ran out of memory"),
        ("Fatal Python error: Segmentation fault\n\nmore", "", None, False, "infra", "died: Fatal Python error: Segm"),
        ("epoch 3\n", "worker died", None, False, "infra", "died without a word"),
        (UNKNOWN_FLAG, "worker died", None, False, "code", "died: Unknown flag in XLA_FLAGS: --xla_no_such_flag"),
        (CHECK_FAILED, "worker died", None, False, "infra", "died: Check failed: status == 0 (1 vs. 0)"),
    ],
)
def test_a_death_has_a_kind_and_a_reason(
    printed: str, said: str, silent: float | None, is_oom: bool, kind: str, message: str
) -> None:
    failure = explain(printed, said, silent, is_oom)
    assert failure.kind == kind
    assert message in failure.message


def test_the_kernel_counts_its_oom_kills(tmp_path: Path) -> None:
    path = tmp_path / "vmstat"
    path.write_text("nr_free_pages 1\noom_kill 7\n")
    assert oom_kills(path) == 7
    assert oom_kills(tmp_path / "none") == 0


def test_a_trial_may_be_silent_as_long_as_its_epochs_warrant() -> None:
    assert Timing().hang_seconds == 600
    assert Pace(600).allowance(is_first=False) == Pace(600, [0.1]).allowance(is_first=False) == 600
    assert Pace(600).allowance(is_first=True) == 3600
    assert Pace(600, [100.0, 90.0, 300.0]).allowance(is_first=False) == 2000
    assert Pace(600, [1000.0, *[1.0] * 200]).allowance(is_first=False) == 3000

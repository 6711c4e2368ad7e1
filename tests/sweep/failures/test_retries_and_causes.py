"""Which failures are worth another try, and what counts as the same cause."""

import errno
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.cli.options import retry_kinds
from sweep.cluster.share import Share
from sweep.errors import UsageError
from sweep.failures import (
    DIGEST,
    KINDS,
    RetryDecision,
    advice,
    cause,
    classify,
    group,
    is_asked_for,
    recovered_failures,
    recovered_in_words,
    retry,
    retry_arguments,
)
from sweep.failures.causes import general, place
from sweep.spec import Resources
from sweep.store import BLAMED_ON, HOST_BARRED, NODE_LOST, RUN, Attempt, PointState, State
from sweep.store.retry_rule import RETRIES, RETRIES_NODE_LOST, may_retry
from trainables.config import TrialConfig
from trainables.records import Failure


def error(name: str, base: type[Exception] = Exception) -> type[Exception]:
    return type(name, (base,), {})


def raised_from(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (ValueError("no"), "code"),
        (KeyError("memory"), "code"),
        (MemoryError(), "resource"),
        (error("_ArrayMemoryError", MemoryError)("Unable to allocate 4 GiB"), "resource"),
        (error("ResourceExhaustedError")("{{node dense_1}} failed"), "resource"),
        (
            error("XlaRuntimeError", RuntimeError)("RESOURCE_EXHAUSTED: Out of memory"),
            "resource",
        ),
        (error("XlaRuntimeError", RuntimeError)("INVALID_ARGUMENT: shapes differ"), "code"),
        (error("InternalError")("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access"), "infra"),
        (error("JaxRuntimeError", RuntimeError)("INTERNAL: CUDA_ERROR_OUT_OF_MEMORY"), "resource"),
        (OSError(errno.ENOSPC, "No space left on device"), "resource"),
        (OSError(errno.EIO, "Input/output error"), "infra"),
        (OSError(errno.ENOENT, "No such file"), "code"),
        (ConnectionResetError(), "infra"),
        (TimeoutError(), "infra"),
        (FloatingPointError("overflow"), "numeric"),
        (ZeroDivisionError(), "numeric"),
        (error("LinAlgError", ValueError)("SVD did not converge"), "numeric"),
        (ValueError("Input X contains NaN."), "numeric"),
        (error("InvalidArgumentError")("x : Tensor had NaN values"), "numeric"),
        (raised_from(RuntimeError("the step failed"), MemoryError()), "resource"),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, Exception) else None,
)
def test_errors_have_a_kind(failure: Exception, kind: str) -> None:
    assert classify(failure) == kind


def test_errors_that_name_each_other_as_causes_have_a_kind_too() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert classify(one) == "code"


@given(st.lists(st.sampled_from(KINDS), max_size=12))
def test_no_kind_is_retried_more_often_than_its_budget(wanted: list[str]) -> None:
    happened: list[str] = []
    for kind in wanted:
        happened.append(kind)
        if not may_retry(happened):
            break
    assert all(happened.count(kind) <= RETRIES[kind] + 1 for kind in KINDS)
    assert not any(RETRIES[kind] == 0 for kind in happened[:-1])


def test_each_kind_has_its_own_budget() -> None:
    assert RETRIES == {"infra": 3, "resource": 1, "numeric": 0, "code": 0}
    assert may_retry(["infra", "infra", "resource", "infra"])
    assert not may_retry(["resource", "resource"])
    assert not may_retry(["unheard of"])
    assert not may_retry([])


def test_retry_takes_a_list_of_kinds_and_causes_or_all() -> None:
    assert retry_kinds(None) == ()
    assert retry_kinds("infra,resource") == ("infra", "resource")
    assert retry_kinds("numeric, 0a1b2c3d") == ("numeric", "0a1b2c3d")
    assert retry_kinds("all") == ("infra", "resource", "numeric", "code")
    allowed = "infra, resource, numeric, code, all, or a cause"
    with pytest.raises(UsageError, match=f"--retry cod: unknown kind of failure; allowed are {allowed}"):
        retry_kinds("cod")


# causes

TRACE = """Traceback (most recent call last):
  File "/opt/mi/sweep/trial.py", line 144, in advance
    for record in self._records:
  File "/opt/mi/trainables/training.py", line {line}, in __iter__
    loss = step()
  File "/venv/lib/python3.11/site-packages/keras/src/trainer.py", line 9, in train_on_batch
    raise ValueError
ValueError: no
"""
NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False))
PATHS = st.lists(st.text("abcXYZ019_.-", min_size=1, max_size=8), min_size=1, max_size=4).map("/".join)


@given(NUMBERS, NUMBERS, PATHS, PATHS, st.integers(0, 99), st.integers(0, 99), st.integers(1, 9), st.integers(1, 9))
def test_numbers_paths_points_and_lines_do_not_tell_causes_apart(
    number: float, other: float, path: str, another: str, seed: int, another_seed: int, line: int, another_line: int
) -> None:
    def failure(number: float, path: str, seed: int, line: int) -> Failure:
        point = TrialConfig(seed=seed).point_id
        text = f"ValueError: {point}: shape ({abs(number)}, 3) of /{path}: wanted {number} at 0x7f{seed:x}"
        return Failure("code", text, TRACE.format(line=line))

    first, second = cause(failure(number, path, seed, line)), cause(failure(other, another, another_seed, another_line))
    assert first.digest == second.digest
    assert DIGEST.fullmatch(first.digest)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "numeric"},
        {"message": "ValueError: the other thing is 3"},
        {"traceback": TRACE.format(line=1).replace("__iter__", "_record")},
        {"traceback": TRACE.format(line=1).replace("trainables/training", "trainables/probes")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_kind_words_and_place_tell_causes_apart(change: dict[str, str]) -> None:
    usual = {"kind": "code", "message": "ValueError: the thing is 3", "traceback": TRACE.format(line=1)}
    assert cause(Failure(**usual)).digest != cause(Failure(**usual | change)).digest


def test_shapes_of_any_rank_are_one() -> None:
    assert general("shape (3, 4) and [1, 2, 3] differ") == general("shape (5, 6, 7, 8) and [9] differ")


def test_the_place_is_the_innermost_frame_of_this_project() -> None:
    assert place(TRACE.format(line=7)) == "trainables/training.py:7 in __iter__"
    assert place("") is None
    hung = 'Timeout (0:00:05)!\nThread 0x1 (most recent call first):\n  File "/a/numpy/x.py", line 1 in f\n'
    hung += '  File "/a/trainables/probes.py", line 3 in pairs\n  File "/a/sweep/trial.py", line 9 in advance\n'
    assert place(hung) == "trainables/probes.py:3 in pairs"


def attempt(number: int, failure: Failure | None, host: str = "one", **provenance: object) -> Attempt:
    return Attempt(number, f"2026-01-0{number}", host, 0, dict(provenance), ended=None, failure=failure)


def failed(*failures: Failure | None, host: str = "one", **provenance: object) -> PointState:
    attempts = tuple(attempt(n, failure, host, **provenance) for n, failure in enumerate(failures, start=1))
    return PointState(State.FAILED if failures[-1] else State.INTERRUPTED, None, None, attempts)


DIED = Failure("infra", "its process died without a word", "ip: 10.0.0.1")
BROKEN = [Failure("code", f"ValueError: no {n}", TRACE.format(line=n)) for n in range(3)]
OTHER = Failure("code", "KeyError: 'x'")


def test_failed_points_are_grouped_by_cause_with_hosts_and_times() -> None:
    states = {
        "a": failed(BROKEN[0]),
        "b": failed(OTHER),
        "c": failed(DIED, BROKEN[1], host="two"),
        "d": PointState(State.FINISHED, attempts=(attempt(1, DIED), attempt(2, None))),
        "e": PointState(State.MISSING),
    }
    first, second = group(states)
    assert (first.points, first.hosts, first.attempts) == (("a", "c"), {"one": 1, "two": 1}, 2)
    assert (first.first, first.last) == ("2026-01-01", "2026-01-02")
    assert first.example[0] == "c"
    assert second.points == ("b",)
    (survived,) = recovered_failures(states)
    assert (survived.cause.kind, survived.attempts, survived.points) == ("infra", 1, ("d",))
    (line,) = recovered_in_words([survived])
    assert line == "overcome: 1 earlier failure (1 infra) of 1 point with a result now"


def test_the_command_names_the_kind_or_if_others_share_it_the_cause() -> None:
    states = {"a": failed(BROKEN[0]), "b": failed(DIED)}
    by_kind = {one.cause.kind: retry_arguments("s", one, states, Resources()) for one in group(states)}
    assert by_kind == {"code": ["resume", "s", "--retry", "code"], "infra": ["resume", "s", "--retry", "infra"]}
    states["c"] = failed(OTHER)
    for one in group(states):
        words = retry_arguments("s", one, states, Resources())
        asked = {point for point, found in states.items() if found.failure and is_asked_for(found.failure, words[-1:])}
        assert asked == set(one.points)


@pytest.mark.parametrize(
    ("device", "gpus", "share"),
    [("A100", 0.25, ["--gpus-per-trial", "0.5"]), ("A100", 1.0, []), ("cpu", 1.0, ["--max-concurrent", "1"])],
)
def test_out_of_memory_suggests_a_larger_share(device: str, gpus: float, share: list[str]) -> None:
    states = {"a": failed(Failure("resource", "ResourceExhaustedError: OOM"), device=device)}
    (one,) = group(states)
    assert retry_arguments("s", one, states, Resources(gpus=gpus))[4:] == share
    assert {"A1000.25": "share of the GPU", "A1001.0": "larger GPU", "cpu1.0": "fewer trials at a time"}[
        f"{device}{gpus}"
    ] in advice(one, Resources(gpus=gpus))


# retries

MEMORY = Failure("resource", "MemoryError")


def decision(
    *failures: Failure | None, barred: int = 0, lost: int = 0, begun: int = 0, runs: str = "now"
) -> RetryDecision:
    """The decision on a point with these failures: the first `begun` of an earlier run, then blamed on other things."""
    attempts = [
        replace(attempt, provenance={RUN: "before" if number < begun else runs} | blamed(number, barred, lost))
        for number, attempt in enumerate(failed(*failures).attempts)
    ]
    return retry(attempts)


def blamed(number: int, barred: int, lost: int) -> dict[str, str]:
    return {BLAMED_ON: HOST_BARRED} if number < barred else {BLAMED_ON: NODE_LOST} if number < barred + lost else {}


def test_what_died_runs_again_and_what_ran_out_of_memory_with_more_room() -> None:
    assert decision(DIED) == RetryDecision(is_due=True, needs_more_room=False)
    assert decision(MEMORY) == RetryDecision(is_due=True, needs_more_room=True)
    assert not decision(BROKEN[0]).is_due
    assert not decision(None).is_due
    assert decision(MEMORY, DIED) == RetryDecision(is_due=True, needs_more_room=True)


def test_budgets_count_this_run_only_and_not_what_failed_on_barred_hosts() -> None:
    spent = [DIED] * 4
    assert not decision(*spent).is_due
    assert decision(*spent, begun=2).is_due
    assert decision(*spent, barred=4).is_due
    assert not decision(MEMORY, MEMORY).is_due


def test_deaths_with_the_node_have_a_larger_budget_that_ends_too() -> None:
    def is_due(times: int, lost: int, failure: Failure = DIED) -> bool:
        return decision(*[failure] * times, lost=lost).is_due

    assert not is_due(4, lost=0)
    assert is_due(4, lost=4)
    assert is_due(5, lost=2)
    assert not is_due(6, lost=2)
    assert is_due(RETRIES_NODE_LOST, lost=RETRIES_NODE_LOST)
    assert not is_due(RETRIES_NODE_LOST + 1, lost=RETRIES_NODE_LOST + 1)
    assert not is_due(1, lost=1, failure=BROKEN[0])


def test_more_room_packs_less_and_leaves_the_threads() -> None:
    assert Share(0.25, 1, 1, 8).enlarged(16) == Share(1.0, 2, 1, 4)
    assert Share(0, 1, 1, 1).enlarged(1) == Share(0, 1, 1, 1)
    assert Share(2, 4, 4, None).enlarged(6) == Share(2, 6, 4, None)

"""The store against a simple model of it, over commits, deaths, full disks and damage in any order.

What was committed is there; what is there was committed, whole; attempts are numbered once and kept.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sweep.errors import StorageFault
from sweep.storage import folder as folders
from sweep.store import Attempt, State, Store
from tests.buckets import Server, everything, put_raw
from tests.conftest import make_history, make_result
from tests.faults.steps import Disk, Killed, Requests, die, no_answer, no_space
from trainables.config import TrialConfig
from trainables.records import Failure
from trainables.snapshots import Snapshot

POINT = TrialConfig(epochs=9, seed=3)
OTHER = TrialConfig(epochs=9, seed=4)
STEPS = st.integers(0, 16)
"""At which step of the disk a fault comes; 0 for none."""
FAULTS = st.sampled_from([die, no_space])


class StoreMachine(RuleBasedStateMachine):
    """One point in a store, and beside it what a reader must find."""

    def place(self) -> str:
        """Where a new store is."""
        self.folder = tempfile.mkdtemp(prefix="store-machine-")
        return self.folder

    def faulty(self, step: int, fault: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
        """Let the fault come at that step."""
        Disk(step, fault).install(patch)

    @initialize()
    def start(self) -> None:
        self.store = Store(self.place())
        self.epoch = 0
        self.intact: dict[str, object] = {}
        self.numbers: set[int] = set()
        self.accepted = 0
        self.neighbor = make_result(OTHER)
        self.store.commit_result(OTHER, self.neighbor)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def attempt_to(self, act: Callable[[], object], step: int, fault: Callable[[], None]) -> bool:
        """Do it with a fault at that step of the disk; whether it came to its end."""
        with pytest.MonkeyPatch.context() as patch:
            self.faulty(step, fault, patch)
            try:
                act()
            except (Killed, StorageFault):
                return False
        return True

    def stored_names(self) -> set[str]:
        return everything(self.store, f"points/{POINT.point_id}")

    @rule(step=STEPS, fault=FAULTS)
    def commit_snapshot(self, step: int, fault: Callable[[], None]) -> None:
        self.epoch += 1
        snapshot = Snapshot(POINT, make_history(POINT, min(self.epoch, 9)), (np.array([float(self.epoch)]),))
        name = f"snapshot-{snapshot.epoch:09d}"
        is_done = self.attempt_to(lambda: self.store.commit_snapshot(snapshot), step, fault)
        if is_done or name in self.stored_names():
            value = self.store.objects.read(f"points/{POINT.point_id}/{name}")
            if is_done:
                assert value == snapshot.to_bytes()
            if value == snapshot.to_bytes():
                self.intact[name] = snapshot
        self.forget_dropped()

    def forget_dropped(self) -> None:
        """Snapshots may go only in favour of a result or of two newer ones, damaged or not."""
        stored = self.stored_names()
        for name in [name for name in self.intact if name.startswith("snapshot") and name not in stored]:
            newer = [other for other in stored if other.startswith("snapshot") and other > name]
            assert "result" in self.intact or len(newer) >= 2
            del self.intact[name]

    @rule(step=STEPS, fault=FAULTS, seconds=st.floats(1, 9))
    def commit_result(self, step: int, fault: Callable[[], None], seconds: float) -> None:
        result = replace(make_result(POINT), wall_seconds=seconds)
        is_done = self.attempt_to(lambda: self.store.commit_result(POINT, result), step, fault)
        if "result" not in self.intact and (is_done or self.store.result(POINT)):
            self.intact["result"] = result
            self.accepted += 1
        self.forget_dropped()

    @rule(step=STEPS, fault=FAULTS)
    def begin_attempt(self, step: int, fault: Callable[[], None]) -> None:
        before = {one.number for one in self.store.attempts(POINT.point_id)}
        begun: list[Attempt] = []
        is_done = self.attempt_to(
            lambda: begun.append(self.store.begin_attempt(POINT.point_id, Attempt(0, "now", "here", 0, {}))),
            step,
            fault,
        )
        after = {one.number for one in self.store.attempts(POINT.point_id)}
        assert before <= after
        assert not (after - before) & self.numbers
        if is_done:
            assert after - before == {begun[0].number}
        self.numbers |= after

    @rule(step=STEPS, fault=FAULTS)
    @precondition(lambda self: self.store.attempts(POINT.point_id))
    def fail_attempt(self, step: int, fault: Callable[[], None]) -> None:
        last = self.store.attempts(POINT.point_id)[-1]
        failed = replace(last, ended="later", failure=Failure("code", "ValueError: no"))
        self.attempt_to(lambda: self.store.save_attempt(POINT.point_id, failed), step, fault)
        assert self.store.attempts(POINT.point_id)[-1] in (last, failed)

    @rule(data=st.data(), how=st.sampled_from(["empty", "cut", "flip", "another config"]))
    @precondition(lambda self: self.intact)
    def damage(self, data: st.DataObject, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.intact)))
        path = f"points/{POINT.point_id}/{name}"
        whole = self.store.objects.read(path) or b""
        at = data.draw(st.integers(0, len(whole) - 1))
        other = Snapshot(OTHER, make_history(OTHER, 1), ()).to_bytes()
        flipped = whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]
        damaged = {"empty": b"", "cut": whole[:at], "flip": flipped, "another config": other}[how]
        put_raw(self.store, path, damaged)
        del self.intact[name]

    @rule(step=STEPS, fault=FAULTS)
    def quarantine(self, step: int, fault: Callable[[], None]) -> None:
        damaged = set(self.store.damaged(POINT))
        assert not damaged & set(self.intact)
        if self.attempt_to(lambda: self.store.quarantine(POINT), step, fault):
            assert self.store.damaged(POINT) == []
        assert len(self.stored_names() & damaged) + sum("damaged-" in name for name in self.stored_names()) >= len(
            damaged
        )

    @rule()
    def run_again(self) -> None:
        """What a run does before its first trial."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folders.processes, "started", lambda pid: None)
            self.store.tidy("demo", [POINT, OTHER])
        self.forget_dropped()
        for folder in ("", "points", *(f"points/{point.point_id}" for point in (POINT, OTHER))):
            assert not [name for name in everything(self.store, folder) if name.startswith(".")]

    @invariant()
    def finished_is_what_has_an_intact_result_and_it_is_the_first_that_was_accepted(self) -> None:
        if not hasattr(self, "store"):
            return
        state = self.store.state(POINT)
        assert state.state.is_done == ("result" in self.intact)
        assert state.result == self.intact.get("result")
        assert self.store.result(OTHER) == self.neighbor

    @invariant()
    def the_newest_intact_snapshot_is_used_and_only_whole_objects_are_seen(self) -> None:
        if not hasattr(self, "store"):
            return
        kept = [name for name in sorted(self.intact) if name.startswith("snapshot")]
        snapshot = self.store.snapshot(POINT)
        assert (snapshot is None) == (not kept)
        if snapshot is not None:
            expected = self.intact[kept[-1]]
            assert isinstance(expected, Snapshot)
            assert snapshot.epoch == expected.epoch
            assert np.array_equal(snapshot.variables[0], expected.variables[0])
        state = self.store.state(POINT)
        if kept and not state.state.is_done:
            assert state.state in (State.INTERRUPTED, State.FAILED)


class BucketMachine(StoreMachine):
    """The same in a bucket: requests that never arrive, or whose answers do not."""

    server: Server

    def place(self) -> str:
        return self.server.address()

    def faulty(self, step: int, fault: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
        Requests(step, no_answer if fault is no_space else fault).install(patch)


@pytest.mark.slow
def test_a_store_in_a_bucket_behaves_as_the_model(s3: Server) -> None:
    BucketMachine.server = s3
    run_state_machine_as_test(BucketMachine, settings=settings(max_examples=6, stateful_step_count=12, deadline=None))


StoreMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestStore = StoreMachine.TestCase

"""Two drivers on one sweep: the second is refused in time, a dead one is followed, and no clock changes that."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from sweep.errors import DriverLive
from sweep.store import Holder, Lease, Store, holder, is_alive, lease, others_last, refuse_if_live, running_elsewhere
from sweep.system import processes
from tests.buckets import everything
from tests.conftest import QUICK_BEATS
from tests.leases import alter, other_driver
from tests.processes import finish, start
from trainables.config import TrialConfig


@pytest.fixture
def store(place: str) -> Store:
    return Store(place)


@pytest.fixture
def quick_store(place: str) -> Store:
    """A store whose leases beat quickly, and are soon lost."""
    return Store(place, QUICK_BEATS)


def objects_of(store: Store) -> dict[str, bytes | None]:
    """All that lies in the folders of the points and of the sweep, but for the lease."""
    names = {f"{folder}/{name}" for folder in ("points", "sweeps/demo") for name in everything(store, folder)}
    return {name: store.objects.read(name) for name in names | everything(store, "") if name != "sweeps/demo/lease"}


@contextmanager
def far_driver(store: Store, **changes: object) -> Iterator[None]:
    """A driver on another host, as the shared folder shows it: only its lease changes."""
    store.objects.write(store.lease_name("demo"), Lease(store, "demo")._bytes())
    alter(store, host="elsewhere", **changes)
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(store.timing.lease.beat_seconds):
            seen = holder(store, "demo")
            alter(store, beat=seen.beat + 1 if seen else 0)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_the_second_driver_is_refused_within_5_seconds_and_told_who_holds_the_sweep(store: Store) -> None:
    with other_driver(store) as first:
        before = objects_of(store)
        seen = holder(store, "demo")
        assert seen is not None
        began = time.monotonic()
        assert finish(start("plan", "demo", "--store", str(store.root)))[0] == 0
        usual = time.monotonic() - began  # what this machine, as busy as it is, takes to start a command
        began = time.monotonic()
        code, stderr = finish(start("run", "demo", "--store", str(store.root)))
        seconds = time.monotonic() - began
        assert code == 4, stderr
        assert seconds < 5 + usual
        assert f"pid {first.pid} on {seen.host}, since {seen.since}" in stderr
        assert "next: sweep status demo --watch" in stderr
        assert objects_of(store) == before


def test_the_second_driver_on_another_host_is_refused_within_5_seconds(store: Store) -> None:
    with far_driver(store):
        began = time.monotonic()
        holder(store, "demo")
        request = time.monotonic() - began  # as slow as this machine's storage is while it is busy
        began = time.monotonic()
        with pytest.raises(DriverLive, match="on elsewhere, since"):
            refuse_if_live(store, "demo")
        assert time.monotonic() - began < 4 + 10 * request


def test_a_sweep_without_a_driver_is_not_refused(store: Store) -> None:
    began = time.monotonic()
    refuse_if_live(store, "demo")
    store.objects.write(store.lease_name("demo"), b"damaged")
    refuse_if_live(store, "demo")
    assert time.monotonic() - began < 1
    assert store.objects.read("sweeps/demo/stop") is None


def test_of_many_that_start_at_one_moment_one_gets_the_sweep(store: Store) -> None:
    """Also over a lease that is lost: takeover has one winner."""
    with other_driver(store) as dead:
        pass
    assert dead.returncode != 0
    held, refused = [], []
    together, over = threading.Barrier(6), threading.Event()

    def take() -> None:
        together.wait()
        try:
            with Lease(store, "demo"):
                held.append(1)
                over.wait(20)
        except DriverLive:
            refused.append(1)
            if len(refused) == 5:
                over.set()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 5)


@pytest.mark.parametrize(
    "skew", [timedelta(hours=1), pytest.param(timedelta(hours=-1), marks=pytest.mark.slow)], ids=str
)
def test_a_clock_that_is_an_hour_off_neither_kills_nor_revives_a_driver(quick_store: Store, skew: timedelta) -> None:
    renewed = (datetime.now(UTC) + skew).isoformat(timespec="seconds")
    with far_driver(quick_store, renewed=renewed):
        seen = holder(quick_store, "demo")
        assert seen is not None
        assert is_alive(quick_store, "demo", seen)
    seen = holder(quick_store, "demo")
    assert seen is not None
    assert not is_alive(quick_store, "demo", seen)


class SteppingClock:
    """A wall clock that somebody sets back an hour at every look, and says everything twice."""

    moment = datetime(2026, 1, 2, tzinfo=UTC)

    @classmethod
    def now(cls, zone: object) -> datetime:
        cls.moment -= timedelta(hours=1)
        return cls.moment

    fromisoformat = staticmethod(datetime.fromisoformat)


def test_a_driver_whose_clock_steps_back_keeps_its_lease(quick_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "datetime", SteppingClock)
    lost = threading.Event()
    with Lease(quick_store, "demo", on_loss=lost.set):
        seen = holder(quick_store, "demo")
        assert seen is not None
        monkeypatch.setattr(Holder, "is_near", False)
        for _ in range(5):
            assert is_alive(quick_store, "demo", seen)
            with pytest.raises(DriverLive):
                Lease(quick_store, "demo").__enter__()
        assert seen.heartbeat_age_seconds == 0
    assert not lost.is_set()


def test_the_same_process_number_after_a_reboot_or_in_another_container_is_another_process(quick_store: Store) -> None:
    quick_store.objects.write(quick_store.lease_name("demo"), Lease(quick_store, "demo")._bytes())
    alter(quick_store, process_started="another-boot/4026531836/123")
    seen = holder(quick_store, "demo")
    assert seen is not None
    assert not seen.is_near
    with Lease(quick_store, "demo"):
        pass


def test_a_process_that_ended_and_was_not_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    try:
        deadline = time.monotonic() + 20
        while processes.started(child.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes.started(child.pid) is None
    finally:
        child.wait()
    assert processes.started(os.getpid()) == processes.started(os.getpid()) is not None


@pytest.mark.parametrize("content", [None, b"", b"\0\0"], ids=["deleted", "empty", "damaged"])
def test_a_live_driver_puts_its_lease_back(quick_store: Store, content: bytes | None) -> None:
    lost = threading.Event()
    with Lease(quick_store, "demo", on_loss=lost.set):
        mine = holder(quick_store, "demo")
        assert mine is not None
        if content is None:
            quick_store.objects.delete(quick_store.lease_name("demo"))
        else:
            quick_store.objects.write(quick_store.lease_name("demo"), content)
        if content is not None:
            with pytest.raises(DriverLive):
                Lease(quick_store, "demo").__enter__()
        deadline = time.monotonic() + 10
        while not (seen := holder(quick_store, "demo")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert seen is not None
        assert seen.session == mine.session
    assert not lost.is_set()


def test_points_that_another_sweep_is_running_come_last(store: Store) -> None:
    points = tuple(TrialConfig(seed=seed) for seed in range(4))
    running = {points[1].point_id: 3, "another": 1}
    with Lease(store, "other", lambda: {"running": running}):
        elsewhere = {}
        deadline = time.monotonic() + 20
        while not elsewhere and time.monotonic() < deadline:
            time.sleep(0.1)
            elsewhere = running_elsewhere(store, "demo", points)
        assert list(elsewhere) == [points[1].point_id]
        assert elsewhere[points[1].point_id][0] == "other"
        assert others_last(points, elsewhere) == (points[0], points[2], points[3], points[1])
        assert running_elsewhere(store, "other", points) == {}
    assert running_elsewhere(store, "demo", points) == {}

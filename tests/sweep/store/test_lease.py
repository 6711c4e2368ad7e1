"""Leases: one live driver, and the truth about dead ones."""

import threading
import time

import pytest

from sweep.errors import DriverLive
from sweep.progress import Watch
from sweep.store import Lease, Store, holder, is_alive
from tests.conftest import QUICK_BEATS
from tests.leases import alter, other_driver
from trainables.config import TrialConfig


@pytest.fixture
def store(place: str) -> Store:
    return Store(place, QUICK_BEATS)


def test_a_second_driver_is_told_who_holds_the_sweep(store: Store) -> None:
    with Lease(store, "demo"):
        found = holder(store, "demo")
        assert found is not None
        with pytest.raises(DriverLive, match=rf"pid {found.pid} on {found.host}, since {found.since[:10]}") as raised:
            Lease(store, "demo").__enter__()
        assert raised.value.exit_code == 4
        with Lease(store, "other"):
            pass
    assert holder(store, "demo") is None


def test_beats_carry_what_the_driver_says_of_its_work(store: Store) -> None:
    with Lease(store, "demo", lambda: {"running": {"p": 3}}):
        deadline = time.monotonic() + 10
        while not (found := holder(store, "demo")) or found.beat < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert found.work == {"running": {"p": 3}}


def test_the_lease_of_a_killed_driver_is_lost_and_taken_over(store: Store) -> None:
    with other_driver(store) as driver:
        assert Watch(store, "demo", [TrialConfig()]).status().driver.state == "alive"
    status = Watch(store, "demo", [TrialConfig()]).status()
    assert status.driver.state == "lost"
    assert str(status.driver).startswith(f"driver lost: pid {driver.pid} on ")
    with Lease(store, "demo"):
        pass


def test_a_driver_on_another_host_lives_as_long_as_its_lease_changes(store: Store) -> None:
    with Lease(store, "demo"):
        alter(store, host="elsewhere")
        found = holder(store, "demo")
        assert found is not None
        assert is_alive(store, "demo", found)


def test_a_silent_driver_on_another_host_is_lost_whatever_its_clock_said(store: Store) -> None:
    mine = Lease(store, "demo")
    store.objects.create(store.lease_name("demo"), mine._bytes())
    alter(store, host="elsewhere", renewed="2999-01-01T00:00:00+00:00")
    found = holder(store, "demo")
    assert found is not None
    assert not is_alive(store, "demo", found)


def test_a_damaged_lease_holds_nothing(store: Store) -> None:
    store.objects.write(store.lease_name("demo"), b'{"host"')
    assert Watch(store, "demo", [TrialConfig()]).status().driver.state == "none"
    with Lease(store, "demo"):
        assert holder(store, "demo") is not None


def test_of_two_takers_that_judged_the_same_lease_lost_only_one_gets_it(store: Store) -> None:
    store.objects.create(store.lease_name("demo"), Lease(store, "demo")._bytes())
    alter(store, host="elsewhere")
    judged = holder(store, "demo")
    slow = Lease(store, "demo")
    with Lease(store, "demo"):  # judged it lost, put it aside, holds its own
        winner = holder(store, "demo")
        slow._put_aside(judged)  # judged the same lease lost, but comes late
        found = holder(store, "demo")
        assert winner is not None
        assert found is not None
        assert found.session == winner.session  # all else may have changed: the winner beats


def test_a_driver_whose_lease_was_taken_is_told_and_does_not_take_it_back(store: Store) -> None:
    lost = threading.Event()
    with Lease(store, "demo", on_loss=lost.set):
        deadline = time.monotonic() + 10
        while not lost.wait(0.3):  # a beat that was being written may have covered it
            assert time.monotonic() < deadline
            alter(store, session="another")
    found = holder(store, "demo")
    assert found is not None
    assert found.session == "another"

"""Stopping: by signals and through the store, in order and at once; what is asked of one driver no later one does."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sweep.cli.stop import stop_driver
from sweep.errors import UsageError
from sweep.store import Lease, StopRequest, Store, holder, lease, request_stop
from sweep.timing import LeaseTiming, StoreTiming
from tests.processes import alive, descendants, finish, start

ROOT = Path(__file__).parents[2]
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def driver(store: Store) -> Iterator[Start]:
    """Starts a driver that stops in order `quick`, or `slow`, or loses its head then (`headless`)."""
    started: list[subprocess.Popen[str]] = []

    def launch(how: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.faults.driver", str(store.root), how]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


def test_stop_waits_until_the_driver_has_gone_in_order(store: Store, driver: Start) -> None:
    process = driver("quick")
    code, stderr = finish(start("stop", "demo", "--store", str(store.root)))
    assert process.poll() == 5
    assert code == 0, stderr
    assert f"asked it to stop after snapshots; at once: sweep stop demo --now --store {store.root}" in stderr
    assert f"pid {process.pid} on " in stderr
    assert "the driver has gone\ndemo: 1 missing" in stderr
    assert f"next: sweep resume demo --store {store.root}" in stderr
    _, talked = process.communicate()
    assert "asked to stop by " in talked
    assert "taking snapshots, then stopping; to stop at once: sweep stop demo --now" in talked
    assert sorted(path.name for path in (store.root / "sweeps/demo").iterdir()) == ["spec.yaml"]


def test_stop_now_ends_a_driver_that_would_take_for_ever_and_all_its_processes(store: Store, driver: Start) -> None:
    process = driver("slow")
    below = descendants(process)
    assert below
    process.send_signal(signal.SIGTERM)
    code, stderr = finish(start("stop", "demo", "--now", "--store", str(store.root)))
    assert code == 0, stderr
    assert "asked it to stop at once" in stderr
    assert process.wait() == 5
    assert alive(below, 60) == []
    _, talked = process.communicate()
    assert "stopped at once; what was committed is kept\n  next: sweep resume demo" in talked
    assert sorted(path.name for path in (store.root / "sweeps/demo").iterdir()) == ["spec.yaml"]


@pytest.mark.parametrize(
    "second",
    [signal.SIGINT, *(pytest.param(other, marks=pytest.mark.slow) for other in (signal.SIGTERM, signal.SIGHUP))],
)
def test_a_second_signal_ends_it_at_once_without_orphans(store: Store, driver: Start, second: signal.Signals) -> None:
    process = driver("slow")
    below = descendants(process)
    process.send_signal(signal.SIGINT)
    time.sleep(1.0)
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(second)
    assert process.wait() == 5
    assert time.monotonic() - began < 10
    assert alive(below, 60) == []
    assert holder(store, "demo") is None
    _, talked = process.communicate()
    assert "SIGINT: taking snapshots, then stopping; once more to stop at once" in talked


def test_a_signal_that_ends_rays_head_too_is_an_interruption(store: Store, driver: Start) -> None:
    process = driver("headless")
    below = descendants(process)
    process.send_signal(signal.SIGTERM)
    _, talked = process.communicate()
    assert process.returncode == 5
    assert "is lost before all snapshots were taken; what was committed is kept\n  next: sweep resume demo" in talked
    assert alive(below, 60) == []
    assert holder(store, "demo") is None


def test_a_request_to_an_earlier_driver_does_not_stop_a_later_one(store: Store, driver: Start) -> None:
    first = driver("quick")
    seen = holder(store, "demo")
    assert seen is not None
    first.kill()
    first.communicate()
    request_stop(store, "demo", seen.session, now=True)
    second = driver("quick")
    time.sleep(1.0)
    assert second.poll() is None
    assert holder(store, "demo") is not None


def test_from_another_host_the_store_is_the_only_way_and_it_is_enough(
    store: Store, driver: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lease.socket, "gethostname", lambda: "elsewhere")
    process = driver("quick")
    stop_driver("demo", store.root, timing=StoreTiming(LeaseTiming(beat_seconds=0.1, silence_seconds=3.0)))
    assert process.wait() == 5
    assert holder(store, "demo") is None


def test_a_driver_that_is_killed_while_it_is_waited_for_is_gone_too(
    store: Store, driver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = driver("slow")
    stopper = start("stop", "demo", "--store", str(store.root))
    while not (store.root / "sweeps/demo/stop").exists():
        time.sleep(0.05)
    process.kill()
    process.communicate()
    code, stderr = finish(stopper)
    assert code == 0, stderr
    assert "the driver has gone" in stderr


def test_without_a_live_driver_it_says_so(store: Store, driver: Start) -> None:
    with pytest.raises(UsageError, match="unknown sweep 'demo'"):
        stop_driver("demo", store.root)
    store.save_spec("demo", "name: demo\n")
    with pytest.raises(UsageError, match="no live driver to stop: no driver\n  next: sweep resume demo"):
        stop_driver("demo", store.root)
    process = driver("slow")
    process.kill()
    process.communicate()
    with pytest.raises(UsageError, match=rf"no live driver to stop: driver lost: pid {process.pid} on .* s ago\n"):
        stop_driver("demo", store.root)


def test_each_request_is_passed_on_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs", StoreTiming(LeaseTiming(beat_seconds=0.05)))
    asked: list[StopRequest] = []
    with Lease(store, "demo", on_stop=asked.append):
        seen = holder(store, "demo")
        assert seen is not None
        for number, now in enumerate((False, True), 1):
            request_stop(store, "demo", seen.session, now)
            deadline = time.monotonic() + 60
            while len(asked) < number and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.3)
        store.objects.write(store.stop_name("demo"), b"damaged")
        time.sleep(0.3)
    assert [request.now for request in asked] == [False, True]

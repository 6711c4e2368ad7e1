"""What a trial prints is kept, in bounds, and never in its way."""

import os
import subprocess
from pathlib import Path

import pytest

from sweep.store import Store
from sweep.trial.log_capture import KEPT_BYTES, Output, path_on_host, rescue, rescue_ended, tail
from tests.processes import program


def run(tmp_path: Path, case: str) -> subprocess.CompletedProcess[str]:
    command = program("captured_log", str(tmp_path / "store"), case)
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500, check=False)


def left_behind(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("sweep-*/log-*"))


def test_both_streams_are_kept_and_given_back(tmp_path: Path) -> None:
    done = run(tmp_path, "nothing")
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")
    assert Store(tmp_path / "store").log("p", 1) == "printed\nwarned\nfrom native code\n"
    assert left_behind(tmp_path) == []


def test_a_dead_process_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(tmp_path, "killed")
    assert done.returncode == -9
    store = Store(tmp_path / "store")
    assert "last words" not in store.log("p", 1)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    rescue(store, "p", 1)
    assert store.log("p", 1).endswith("last words\n")
    assert left_behind(tmp_path) == []
    rescue(store, "p", 1)


def test_the_file_of_a_process_that_died_before_it_printed_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    store = Store(tmp_path / "store")
    path_on_host(store.root, "p", 1).parent.mkdir(mode=0o700)
    path_on_host(store.root, "p", 1).touch(mode=0o600)
    rescue(store, "p", 1)
    assert left_behind(tmp_path) == []
    assert store.log("p", 1) == ""


def test_of_points_that_have_ended_nothing_stays_on_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    store, other = Store(tmp_path / "store"), Store(tmp_path / "other")
    path_on_host(store.root, "p", 1).parent.mkdir(mode=0o700)
    for path in (path_on_host(one.root, point, 2) for one in (store, other) for point in ("p-1", "q")):
        path.write_text(f"said by {path.name}\n")
        path.chmod(0o600)
    rescue_ended(store, {"p-1"})
    assert store.log("p-1", 2) == f"said by {path_on_host(store.root, 'p-1', 2).name}\n"
    assert store.log("q", 2) == ""
    assert len(left_behind(tmp_path)) == 3


def test_a_crash_says_where(tmp_path: Path) -> None:
    run(tmp_path, "segmentation_fault")
    (path,) = left_behind(tmp_path)
    assert "Fatal Python error: Segmentation fault" in path.read_text()


@pytest.mark.parametrize("case", ["not_saved", "closed", "deleted", "stopped_twice"])
def test_nothing_that_happens_to_a_log_is_an_error(tmp_path: Path, case: str) -> None:
    done = run(tmp_path, case)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("after\n")


def test_without_a_place_for_the_log_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    log = Output(tmp_path / "file" / "log", lambda data: None)
    log.start()
    print("as usual")
    log.save()
    log.stop()
    assert log.descriptor == 2


def test_the_end_of_a_long_log_is_kept_from_the_beginning_of_a_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(20_000)))
    kept = tail(path)
    assert KEPT_BYTES - 20 < len(kept) <= KEPT_BYTES
    assert kept.startswith(b"line ")
    assert kept.endswith(b"line 19999\n")


def test_the_file_on_the_host_is_bounded_too(tmp_path: Path) -> None:
    done = run(tmp_path, "much_printed")
    assert done.returncode == 0, done.stderr
    assert len(Store(tmp_path / "store").log("p", 1)) <= KEPT_BYTES

"""What a trial prints is kept, in bounds, and never in its way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.store.store import Store
from sweep.trial import log_capture
from sweep.trial.log_capture import KEPT_BYTES, Output, rescue, tail

SCRIPT = """
import os, sys
from pathlib import Path
from sweep.trial.log_capture import Output, path_on_host
from sweep.store import Store
store = Store(Path(sys.argv[1]))
log = Output(path_on_host(store.root, "p", 1), lambda data: store.save_log("p", 1, data))
print("before")
log.start()
print("printed")
print("warned", file=sys.stderr)
os.write(2, b"from native code\\n")
{body}
log.stop()
print("after")
"""


def run(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(body=body), str(tmp_path / "store")]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500, check=False)


def left_behind(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("sweep-logs-*/*"))


def test_both_streams_are_kept_and_given_back(tmp_path: Path) -> None:
    done = run(tmp_path, "")
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")
    assert Store(tmp_path / "store").log("p", 1) == "printed\nwarned\nfrom native code\n"
    assert left_behind(tmp_path) == []


def test_a_dead_process_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(tmp_path, "log.save(); print('last words'); os.kill(os.getpid(), 9)")
    assert done.returncode == -9
    store = Store(tmp_path / "store")
    assert "last words" not in store.log("p", 1)
    monkeypatch.setattr(log_capture.tempfile, "gettempdir", lambda: str(tmp_path))
    rescue(store, "p", 1)
    assert store.log("p", 1).endswith("last words\n")
    assert left_behind(tmp_path) == []
    rescue(store, "p", 1)


def test_a_crash_says_where(tmp_path: Path) -> None:
    run(tmp_path, "import ctypes; ctypes.string_at(0)")
    (path,) = left_behind(tmp_path)
    assert "Fatal Python error: Segmentation fault" in path.read_text()


@pytest.mark.parametrize(
    "body",
    [
        "log._save = lambda data: 1 / 0",
        "os.close(log._file); print('into nothing'); sys.stderr.write('also')",
        "log._path.unlink()",
        "log.start(); log.stop(); log.stop()",
    ],
)
def test_nothing_that_happens_to_a_log_is_an_error(tmp_path: Path, body: str) -> None:
    done = run(tmp_path, body)
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
    path = tmp_path / "log"
    path.write_text("".join(f"line {number}\n" for number in range(20_000)))
    kept = tail(path)
    assert KEPT_BYTES - 20 < len(kept) <= KEPT_BYTES
    assert kept.startswith(b"line ")
    assert kept.endswith(b"line 19999\n")


def test_the_file_on_the_host_is_bounded_too(tmp_path: Path) -> None:
    printing = ["for _ in range(100):", "print('x' * 99_999)", "log.save()", "assert log._path.stat().st_size < 5e6"]
    done = run(tmp_path, "\n    ".join(printing))
    assert done.returncode == 0, done.stderr
    assert len(Store(tmp_path / "store").log("p", 1)) <= KEPT_BYTES

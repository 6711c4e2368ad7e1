"""Captures the log of attempt 1 of point `p`, while a case of `CASES` happens: captured_log.py STORE CASE."""

import ctypes
import os
import sys
from pathlib import Path

from sweep.store import Store
from sweep.trial.log_capture import Output, path_on_host


def nothing(log: Output) -> None:
    """The process goes on."""


def killed(log: Output) -> None:
    """SIGKILL after something was printed that was not saved."""
    log.save()
    print("last words")
    os.kill(os.getpid(), 9)


def segmentation_fault(log: Output) -> None:
    """Native code reads where it must not."""
    ctypes.string_at(0)


def not_saved(log: Output) -> None:
    """Whatever saves the log fails."""
    log._save = lambda data: 1 / 0  # type: ignore[assignment]


def closed(log: Output) -> None:
    """The file is closed under what is printed."""
    os.close(log._file)  # type: ignore[arg-type]
    print("into nothing")
    sys.stderr.write("also")


def deleted(log: Output) -> None:
    """The file is deleted."""
    log._path.unlink()


def stopped_twice(log: Output) -> None:
    """It is started again, and stopped more often than that."""
    log.start()
    log.stop()
    log.stop()


def much_printed(log: Output) -> None:
    """The file stays small while 10 MB are printed."""
    for _ in range(100):
        print("x" * 99_999)
        log.save()
        assert log._path.stat().st_size < 5e6


CASES = {
    case.__name__: case
    for case in (nothing, killed, segmentation_fault, not_saved, closed, deleted, stopped_twice, much_printed)
}


def main(folder: str, case: str) -> None:
    """Print before, while and after the log is captured."""
    store = Store(Path(folder))
    log = Output(path_on_host(store.root, "p", 1), lambda data: store.save_log("p", 1, data))
    print("before")
    log.start()
    print("printed")
    print("warned", file=sys.stderr)
    os.write(2, b"from native code\n")
    CASES[case](log)
    log.stop()
    print("after")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs a sweep in this process, without Ray and MLflow: run_without_ray.py SPEC STORE [DATA_DIR]."""

import contextlib
import sys
from pathlib import Path

from sweep.console import talk
from sweep.driver import Driver, Options
from sweep.driver.in_process import InProcess
from sweep.store import load
from sweep.tracking.settings import default_tracking_uri
from trainables.config import TrialConfig


class NoMirror(contextlib.AbstractContextManager["NoMirror"]):
    """No tracker."""

    def __exit__(self, *_: object) -> None:
        pass

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        pass


def main(spec: str, store: str, *data_dir: str) -> None:
    """Train every point of the spec, one after the other."""
    options = Options(Path(store), default_tracking_uri(Path(store)), Path(*data_dir) if data_dir else None)
    Driver(load(spec), options, InProcess(), NoMirror(), talk).run()


if __name__ == "__main__":
    main(*sys.argv[1:])

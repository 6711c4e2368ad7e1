"""Drivers that train in this process, without Ray and without a tracker."""

import contextlib
import io
from pathlib import Path

from rich.console import Console

from sweep.driver import Driver, Options
from sweep.driver.in_process import InProcess
from sweep.spec import SweepSpec
from sweep.timing import Timing
from sweep.tracking.settings import default_tracking_uri
from trainables.config import TrialConfig


class NoMirror(contextlib.AbstractContextManager["NoMirror"]):
    """No tracker."""

    def __exit__(self, *_: object) -> None:
        pass

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        pass


def driver(spec: SweepSpec, folder: Path, said: io.StringIO | None = None, **options: object) -> Driver:
    chosen = Options(folder, default_tracking_uri(folder), None, **options)  # type: ignore[arg-type]
    console = Console(file=said or io.StringIO(), width=200)
    return Driver(spec, chosen, InProcess(), NoMirror(), console, Timing(snapshot_seconds=0.0, step_seconds=0.0))

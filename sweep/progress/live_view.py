"""The live view of a sweep: a bar on a terminal, plain lines elsewhere. Draws the numbers of `status`."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweep.console import say, warn
from sweep.progress.status import Status
from sweep.text import counted, duration

LIVE_SECONDS = 1.0
LINE_SECONDS = 10.0
READING_SHARE = 0.01
"""The status of a large sweep takes long to read; it is read less often, for at most this share of the time."""
RUNNING_SHOWN = 8
BAR_WIDTH = 60


class LiveView:
    """Shows a status, read again at every tick, while in the `with` block; never raises into it."""

    def __init__(self, read: Callable[[], Status], console: Console) -> None:
        self._read, self._console = read, console
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _show(self) -> None:
        try:
            if self._console.is_terminal:
                self._show_live()
            else:
                self._show_lines()
        except Exception as error:
            warn(f"progress display ended: {error}; the sweep goes on", self._console)

    def _show_live(self) -> None:
        begun = time.monotonic()
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while not self._stop.is_set():
                start = time.monotonic()
                live.update(panel(self._read(), start - begun), refresh=True)
                self._stop.wait(max(LIVE_SECONDS, (time.monotonic() - start) / READING_SHARE))

    def _show_lines(self) -> None:
        due = float("-inf")
        while not self._stop.wait(LIVE_SECONDS):
            if (start := time.monotonic()) >= due:
                say(line(self._read()), self._console)
                due = start + max(LINE_SECONDS, (time.monotonic() - start) / READING_SHARE)


def line(status: Status) -> str:
    """The status in one line."""
    return f"{done(status)} | {pace(status)}"


def done(status: Status) -> str:
    """Counts of points and epochs as text."""
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    return f"{status.sweep}: {counts} | {status.epochs_done:,} of {status.epochs_total:,} epochs"


def pace(status: Status) -> str:
    """The rate and the time left as text, or what is awaited."""
    if status.epochs_per_second is None:
        if status.running:
            return f"{counted(len(status.running), 'trial')} loading data and compiling"
        return "starting trials" if status.driver.state == "alive" else "not running"
    known_later = status.eta_seconds is None
    left = "time left known once a point has finished" if known_later else f"{duration(status.eta_seconds)} left"
    return f"{status.epochs_per_second:.3g} epochs/s | {left}"


def panel(status: Status, seconds: float) -> Table:
    """Two lines, the second with how long it has been shown; a bar; and the running points with their epochs."""
    view = Table.grid()
    view.add_row(Text(done(status)))
    view.add_row(Text(f"{duration(seconds)} | {pace(status)}"))
    view.add_row(ProgressBar(total=max(1, status.epochs_total), completed=status.epochs_done, width=BAR_WIDTH))
    for point, epoch in list(status.running.items())[:RUNNING_SHOWN]:
        view.add_row(Text(f"  {point}  epoch {epoch}", style="dim"))
    if len(status.running) > RUNNING_SHOWN:
        view.add_row(Text(f"  and {len(status.running) - RUNNING_SHOWN} more", style="dim"))
    return view

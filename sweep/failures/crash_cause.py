"""Why a process died: told from its last words, from what Ray says, and from the kernel's count of OOM kills. Pure."""

import re
from pathlib import Path

from trainables.records import Failure

_HUNG = re.compile(r"^Timeout \((\d+):(\d\d):(\d\d)", re.MULTILINE)
_FATAL = re.compile(r"^(Fatal Python error: [^\n]+|terminate called [^\n]+|Check failed: [^\n]+)", re.MULTILINE)
_OUT_OF_MEMORY = re.compile(r"low on memory|OutOfMemoryError|memory usage threshold")
TRACE_LENGTH = 20_000


def explain(printed: str, said_by_ray: str, was_silent_for: float | None, is_oom_killed: bool) -> Failure:
    """The failure of an attempt whose process died.

    `printed` is its log, `was_silent_for` the seconds without a report for which the driver killed it, if it did.
    """
    if found := list(_HUNG.finditer(printed)):
        hours, minutes, seconds = (int(part) for part in found[-1].groups())
        silent = 3600 * hours + 60 * minutes + seconds
        return Failure("infra", f"hung: no epoch in {silent} s, its process was ended", printed[found[-1].start() :])
    if was_silent_for is not None:
        return Failure("infra", f"hung: no report in {was_silent_for:.0f} s, its process was killed", said_by_ray)
    if is_oom_killed or _OUT_OF_MEMORY.search(said_by_ray):
        return Failure("resource", "its process was killed as the host ran out of memory", said_by_ray[:TRACE_LENGTH])
    if fatal := _FATAL.search(printed):
        return Failure("infra", f"its process died: {fatal[1]}", printed[fatal.start() :][:TRACE_LENGTH])
    return Failure("infra", "its process died without a word", said_by_ray[:TRACE_LENGTH])


def oom_kills(path: Path = Path("/proc/vmstat")) -> int:
    """How many processes the kernel of this machine has killed for memory since it started; 0 when it does not say."""
    try:
        counts = dict(line.split() for line in path.read_text().splitlines() if line.count(" ") == 1)
        return int(counts.get("oom_kill", 0))
    except (OSError, ValueError):
        return 0

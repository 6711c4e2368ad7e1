"""Why a process died, from the end of its log, Ray's error message, and the kernel's count of OOM kills. Pure."""

import re
from pathlib import Path

from sweep.failures.kinds import Kind
from trainables.records import Failure

_HUNG = re.compile(r"^Timeout \((\d+):(\d\d):(\d\d)", re.MULTILINE)
_FATAL = re.compile(r"^(Fatal Python error: [^\n]+|terminate called [^\n]+|Check failed: [^\n]+)", re.MULTILINE)
_LAST_WORDS = re.compile(r"^(?:F\d{4} [^\]\n]*|[-\d]{10} [\d:.]+: F [^\]\n]*)\] ([^\n]+)", re.MULTILINE)
"""A fatal message of the libraries in C++ that Keras' backends use."""
_WRONG_SETTING = re.compile(
    r"\b(unknown|unrecognized|invalid|illegal|could not parse)\b.*\b(flag|option|environment)", re.I
)
_OUT_OF_MEMORY = re.compile(r"low on memory|OutOfMemoryError|memory usage threshold")
TRACE_LENGTH = 20_000


def explain(log: str, ray_error: str, was_silent_for: float | None, is_oom_killed: bool) -> Failure:
    """The failure of an attempt whose process died.

    `was_silent_for`: the seconds without a report after which the driver killed it, None if it did not.
    """
    if hang_reports := list(_HUNG.finditer(log)):
        hours, minutes, seconds = (int(part) for part in hang_reports[-1].groups())
        silent = 3600 * hours + 60 * minutes + seconds
        return Failure("infra", f"hung: no epoch in {silent} s, its process was ended", log[hang_reports[-1].start() :])
    if was_silent_for is not None:
        return Failure("infra", f"hung: no report in {was_silent_for:.0f} s, its process was killed", ray_error)
    if is_oom_killed or _OUT_OF_MEMORY.search(ray_error):
        return Failure("resource", "its process was killed as the host ran out of memory", ray_error[:TRACE_LENGTH])
    if said := list(_LAST_WORDS.finditer(log)):
        kind: Kind = "code" if _WRONG_SETTING.search(said[-1][1]) else "infra"
        return Failure(kind, f"its process died: {said[-1][1]}", log[said[-1].start() :][:TRACE_LENGTH])
    if fatal := _FATAL.search(log):
        return Failure("infra", f"its process died: {fatal[1]}", log[fatal.start() :][:TRACE_LENGTH])
    return Failure("infra", "its process died without a word", ray_error[:TRACE_LENGTH])


def oom_kills(path: Path = Path("/proc/vmstat")) -> int:
    """Processes that the kernel of this machine has killed for lack of memory since it started; 0 if unknown."""
    try:
        counts = dict(line.split() for line in path.read_text().splitlines() if line.count(" ") == 1)
        return int(counts.get("oom_kill", 0))
    except (OSError, ValueError):
        return 0

"""Failures in words: their summary, what a user can do about them, and the command that retries them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sweep.failures.causes import FailureGroup, RecoveredFailure, count_failed
from sweep.spec import Resources
from sweep.store import PointState
from sweep.text import counted

LINE_LENGTH = 200


def retry_arguments(
    sweep: str, group: FailureGroup, states: Mapping[str, PointState], resources: Resources
) -> list[str]:
    """Arguments of the command that retries exactly the points of a group: by kind if no other point failed of it.

    Points that are due need no `--retry`: every run takes them.
    """
    larger = _larger_share(group, resources) if group.cause.kind == "resource" else []
    if group.is_due:
        return ["resume", sweep, *larger]
    is_alone = count_failed(states.values(), group.cause.kind) == len(group.points)
    return ["resume", sweep, "--retry", group.cause.kind if is_alone else group.cause.digest, *larger]


def advice(group: FailureGroup, resources: Resources) -> str:
    """What a user can do about the cause, in a sentence."""
    if group.cause.kind == "code":
        return "the same error would come again: fix its cause first"
    if group.cause.kind == "numeric":
        return "the same numbers would come again: change the spec or fix the cause first"
    if group.cause.kind == "resource" and not _is_on_gpu(group):
        return "the host ran out of memory or disk: fewer trials at a time leave more for each"
    if group.cause.kind == "resource" and resources.gpus >= 1:
        return "a whole GPU was not enough: fewer measure.samples, or a larger GPU"
    if group.cause.kind == "resource":
        return "a larger share of the GPU leaves more memory for each"
    return f"the cause is the machine: check {', '.join(group.hosts) or 'it'} first"


def in_short(group: FailureGroup) -> str:
    """The cause of a group in one line."""
    first = group.cause.message.strip().splitlines()[0][:LINE_LENGTH] if group.cause.message.strip() else "no message"
    return f"{group.cause.kind}: {first}" + (f" ({group.cause.place})" if group.cause.place else "")


def recovered_in_words(recovered: Sequence[RecoveredFailure]) -> list[str]:
    """One line on the failed attempts of points that have their result now; none when there are none."""
    if not recovered:
        return []
    kinds = Counter[str]()
    for recovered_failure in recovered:
        kinds[recovered_failure.cause.kind] += recovered_failure.attempts
    points = {point for recovered_failure in recovered for point in recovered_failure.points}
    counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    total = sum(kinds.values())
    return [
        f"overcome: {counted(total, 'earlier failure')} ({counts}) of {counted(len(points), 'point')} with a result now"
    ]


def _is_on_gpu(group: FailureGroup) -> bool:
    return str(group.example[1].provenance.get("device", "cpu")) != "cpu"


def _larger_share(group: FailureGroup, resources: Resources) -> list[str]:
    if _is_on_gpu(group) and 0 < resources.gpus < 1:
        return ["--gpus-per-trial", f"{min(1.0, 2 * resources.gpus):g}"]
    return [] if _is_on_gpu(group) else ["--max-concurrent", "1"]

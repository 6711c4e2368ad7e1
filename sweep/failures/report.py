"""NEW MODULE."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sweep.failures.causes import FailureGroup, RecoveredFailure, count_failed
from sweep.spec import Resources
from sweep.store import PointState
from sweep.text import counted

LINE_LENGTH = 200


def retry_words(sweep: str, one: FailureGroup, known: Mapping[str, PointState], resources: Resources) -> list[str]:
    """The words of the command that runs exactly the points of a group again: by their kind if that names no others."""
    is_alone = count_failed(known.values(), one.cause.kind) == len(one.points)
    words = ["resume", sweep, "--retry", one.cause.kind if is_alone else one.cause.digest]
    return words + (_larger_share(one, resources) if one.cause.kind == "resource" else [])


def advice(one: FailureGroup, resources: Resources) -> str:
    """What a person can do about the cause, in a sentence."""
    if one.cause.kind == "code":
        return "the same error would come again: mend its cause first"
    if one.cause.kind == "numeric":
        return "the same numbers would come again: change the spec or mend the cause first"
    if one.cause.kind == "resource" and not _is_on_gpu(one):
        return "the host ran out of memory or disk: fewer trials at a time leave more for each"
    if one.cause.kind == "resource" and resources.gpus >= 1:
        return "a whole GPU was not enough: fewer measure.samples, or a larger GPU"
    if one.cause.kind == "resource":
        return "a larger share of the GPU leaves more memory for each"
    return f"the machine is to blame: look at {', '.join(one.hosts) or 'it'} first"


def in_short(one: FailureGroup) -> str:
    """The cause of a group in one line."""
    first = one.cause.message.strip().splitlines()[0][:LINE_LENGTH] if one.cause.message.strip() else "no message"
    return f"{one.cause.kind}: {first}" + (f" ({one.cause.place})" if one.cause.place else "")


def overcome_in_words(survived: Sequence[RecoveredFailure]) -> list[str]:
    """One line on the failures of points that have their result all the same; none when there were none."""
    if not survived:
        return []
    kinds = Counter[str]()
    for one in survived:
        kinds[one.cause.kind] += one.attempts
    points = {point for one in survived for point in one.points}
    counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    total = sum(kinds.values())
    return [
        f"overcome: {counted(total, 'earlier failure')} ({counts}) of {counted(len(points), 'point')} with a result now"
    ]


def _is_on_gpu(one: FailureGroup) -> bool:
    return str(one.example[1].provenance.get("device", "cpu")) != "cpu"


def _larger_share(one: FailureGroup, resources: Resources) -> list[str]:
    if _is_on_gpu(one) and 0 < resources.gpus < 1:
        return ["--gpus-per-trial", f"{min(1.0, 2 * resources.gpus):g}"]
    return [] if _is_on_gpu(one) else ["--max-concurrent", "1"]

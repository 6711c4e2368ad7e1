"""The command `failures`: failed points grouped by cause, and the command that runs exactly those again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sweep import options
from sweep.causes import Group, Overcome, count_failed, group, overcome
from sweep.options import print_json, print_table, talk
from sweep.spec import Resources
from sweep.status import Watch
from sweep.store import Known, Store
from sweep.words import counted

LOG_LINES = 15
POINTS_SHOWN = 8
MESSAGE_LINES = 5
LINE_LENGTH = 200


def failures(
    sweep: options.Sweep,
    store: options.Store = options.DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Show failed points grouped by cause, and the command that runs exactly those again."""
    opened = Store(store)
    spec = opened.spec(sweep)
    known = Watch(opened, sweep, spec.points).known()
    groups, survived = group(known), overcome(known)
    given = {"store": store, "tracking_uri": tracking_uri, "data_dir": data_dir}
    commands = [options.command_line(*retry_words(sweep, one, known, spec.resources), **given) for one in groups]
    if as_json:
        found = zip(groups, commands, strict=True)
        causes = [_group_json(one, opened, spec.resources, command) for one, command in found]
        print_json({"sweep": sweep, "causes": causes, "overcome": [_overcome_json(one) for one in survived]})
        return
    for one, command in zip(groups, commands, strict=True):
        _print_group(one, opened)
        talk.print(f"{advice(one, spec.resources)}\n  next: {command}\n", soft_wrap=True)
    for line in overcome_in_words(survived):
        print(line)
    if not groups:
        talk.print(f"no point of {sweep} has failed", soft_wrap=True)


def retry_words(sweep: str, one: Group, known: Mapping[str, Known], resources: Resources) -> list[str]:
    """The words of the command that runs exactly the points of a group again: by their kind if that names no others."""
    is_alone = count_failed(known.values(), one.cause.kind) == len(one.points)
    words = ["resume", sweep, "--retry", one.cause.kind if is_alone else one.cause.digest]
    return words + (_larger_share(one, resources) if one.cause.kind == "resource" else [])


def advice(one: Group, resources: Resources) -> str:
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


def in_short(one: Group) -> str:
    """The cause of a group in one line."""
    first = one.cause.message.strip().splitlines()[0][:LINE_LENGTH] if one.cause.message.strip() else "no message"
    return f"{one.cause.kind}: {first}" + (f" ({one.cause.place})" if one.cause.place else "")


def overcome_in_words(survived: Sequence[Overcome]) -> list[str]:
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


def _is_on_gpu(one: Group) -> bool:
    return str(one.example[1].provenance.get("device", "cpu")) != "cpu"


def _larger_share(one: Group, resources: Resources) -> list[str]:
    if _is_on_gpu(one) and 0 < resources.gpus < 1:
        return ["--gpus-per-trial", f"{min(1.0, 2 * resources.gpus):g}"]
    return [] if _is_on_gpu(one) else ["--max-concurrent", "1"]


def _print_group(one: Group, store: Store) -> None:
    more = f", and {len(one.points) - POINTS_SHOWN} more" if len(one.points) > POINTS_SHOWN else ""
    rows = [
        ["points", f"{len(one.points)}: {', '.join(one.points[:POINTS_SHOWN])}{more}"],
        ["attempts", str(one.attempts)],
        ["hosts", ", ".join(f"{host} ({count})" for host, count in one.hosts.items())],
        ["first, last", f"{one.first}, {one.last}"],
        ["where", one.cause.place or "not in this project's code"],
    ]
    print_table([f"{one.cause.kind} {one.cause.digest}", ""], rows)
    print("\n".join(one.cause.message.strip().splitlines()[:MESSAGE_LINES]))
    point_id, attempt = one.example
    if lines := log_tail(store, point_id, attempt.number, LOG_LINES):
        print(f"\nlog of {point_id}, attempt {attempt.number}, its end:")
        print("\n".join(f"  {line}" for line in lines))
    print(flush=True)


def log_tail(store: Store, point_id: str, number: int, lines: int) -> list[str]:
    """The last lines of what an attempt printed."""
    return store.log(point_id, number).rstrip().splitlines()[-lines:]


def _group_json(one: Group, store: Store, resources: Resources, command: str) -> dict[str, Any]:
    point_id, attempt = one.example
    log = log_tail(store, point_id, attempt.number, LOG_LINES)
    return {
        **asdict(one.cause),
        "points": list(one.points),
        "attempts": one.attempts,
        "hosts": dict(one.hosts),
        "first": one.first,
        "last": one.last,
        "log_of": {"point_id": point_id, "attempt": attempt.number},
        "log": log,
        "traceback": attempt.failure.traceback if attempt.failure else "",
        "advice": advice(one, resources),
        "retry": command,
    }


def _overcome_json(one: Overcome) -> dict[str, Any]:
    return {**asdict(one.cause), "attempts": one.attempts, "points": list(one.points)}

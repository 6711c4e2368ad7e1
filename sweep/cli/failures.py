"""The command `failures`: failed points grouped by cause, and the command that runs exactly those again."""

from dataclasses import asdict
from typing import Any

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster
from sweep.commands import command_line
from sweep.console import print_json, print_table, say
from sweep.errors import with_next
from sweep.failures import FailureGroup, RecoveredFailure, advice, group, overcome, overcome_in_words, retry_words
from sweep.progress import Watch
from sweep.spec import Resources
from sweep.store import Store

LOG_LINES = 15
POINTS_SHOWN = 8
MESSAGE_LINES = 5


def failures(
    sweep: options.Sweep,
    shared: options.Shared,
    cluster: options.OnCluster,
    as_json: options.Json = False,
) -> None:
    """Show failed points grouped by cause, and the command that runs exactly those again."""
    if cluster.address is not None:
        run_on_cluster(cluster.context, cluster.address)
    store = Store(shared.store)
    spec = store.spec(sweep)
    states = Watch(store, sweep, spec.points).states()
    groups, recovered = group(states), overcome(states)
    commands = [command_line(*retry_words(sweep, one, states, spec.resources), **asdict(shared)) for one in groups]
    if as_json:
        causes = [
            _group_json(one, store, spec.resources, command) for one, command in zip(groups, commands, strict=True)
        ]
        print_json({"sweep": sweep, "causes": causes, "overcome": [_overcome_json(one) for one in recovered]})
        return
    for one, command in zip(groups, commands, strict=True):
        _print_group(one, store)
        say(with_next(advice(one, spec.resources), command) + "\n")
    for line in overcome_in_words(recovered):
        print(line)
    if not groups:
        say(f"no point of {sweep} has failed")


def _print_group(one: FailureGroup, store: Store) -> None:
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
    if lines := store.log_tail(point_id, attempt.number, LOG_LINES):
        print(f"\nlog of {point_id}, attempt {attempt.number}, its end:")
        print("\n".join(f"  {line}" for line in lines))
    print(flush=True)


def _group_json(one: FailureGroup, store: Store, resources: Resources, command: str) -> dict[str, Any]:
    point_id, attempt = one.example
    log = store.log_tail(point_id, attempt.number, LOG_LINES)
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


def _overcome_json(one: RecoveredFailure) -> dict[str, Any]:
    return {**asdict(one.cause), "attempts": one.attempts, "points": list(one.points)}

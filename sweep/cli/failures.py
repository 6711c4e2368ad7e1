"""The command `failures`: failed points grouped by cause, and the command that runs exactly those again."""

import textwrap
from dataclasses import asdict
from typing import Any

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster_if_asked
from sweep.commands import command_line
from sweep.console import print_json, print_table, print_text, say
from sweep.errors import with_next
from sweep.failures import (
    FailureGroup,
    RecoveredFailure,
    advice,
    group,
    recovered_failures,
    recovered_in_words,
    retry_arguments,
)
from sweep.progress import Watch
from sweep.spec import Resources
from sweep.store import Store

LOG_LINES = 15
POINTS_SHOWN = 8
MESSAGE_LINES = 5


def failures(
    sweep: options.Sweep,
    shared: options.Stored,
    cluster: options.OnCluster,
    as_json: options.Json = False,
) -> None:
    """Show failed points grouped by cause, and the command that runs exactly those again.

    Among them are points whose failure is due to be tried again: their run ended before it came to that.
    """
    run_on_cluster_if_asked(cluster)
    store = Store(shared.store)
    spec = store.spec(sweep)
    states = Watch(store, sweep, spec.points).states()
    groups, recovered = [*group(states), *group(states, are_due=True)], recovered_failures(states)
    commands = [
        command_line(*retry_arguments(sweep, failure_group, states, spec.resources), **asdict(shared))
        for failure_group in groups
    ]
    if as_json:
        causes = [
            _group_json(failure_group, store, spec.resources, command)
            for failure_group, command in zip(groups, commands, strict=True)
        ]
        print_json(
            {
                "sweep": sweep,
                "causes": causes,
                "overcome": [_recovered_json(recovered_failure) for recovered_failure in recovered],
            }
        )
        return
    for failure_group, command in zip(groups, commands, strict=True):
        _print_group(failure_group, store)
        text = "due to be tried again" if failure_group.is_due else advice(failure_group, spec.resources)
        say(with_next(text, command) + "\n")
    for line in recovered_in_words(recovered):
        print(line)
    if not groups:
        say(f"no point of {sweep} has failed")


def _print_group(group: FailureGroup, store: Store) -> None:
    more = f", and {len(group.points) - POINTS_SHOWN} more" if len(group.points) > POINTS_SHOWN else ""
    rows = [
        ["points", f"{len(group.points)}: {', '.join(group.points[:POINTS_SHOWN])}{more}"],
        ["attempts", str(group.attempts)],
        ["hosts", ", ".join(f"{host} ({count})" for host, count in group.hosts.items())],
        ["first, last", f"{group.first}, {group.last}"],
        ["where", group.cause.place or "not in this project's code"],
    ]
    print_table([f"{group.cause.kind} {group.cause.digest}", ""], rows)
    print_text(textwrap.indent("\n".join(group.cause.message.strip().splitlines()[:MESSAGE_LINES]), "  "))
    point_id, attempt = group.example
    if lines := store.log_tail(point_id, attempt.number, LOG_LINES):
        print(f"\nlog of {point_id}, attempt {attempt.number}, its end:")
        print_text("\n".join(f"  {line}" for line in lines))
    print(flush=True)


def _group_json(group: FailureGroup, store: Store, resources: Resources, command: str) -> dict[str, Any]:
    point_id, attempt = group.example
    log = store.log_tail(point_id, attempt.number, LOG_LINES)
    return {
        **asdict(group.cause),
        "points": list(group.points),
        "attempts": group.attempts,
        "hosts": dict(group.hosts),
        "first": group.first,
        "last": group.last,
        "log_of": {"point_id": point_id, "attempt": attempt.number},
        "log": log,
        "traceback": attempt.failure.traceback if attempt.failure else "",
        "is_due": group.is_due,
        "advice": advice(group, resources),
        "retry": command,
    }


def _recovered_json(recovered: RecoveredFailure) -> dict[str, Any]:
    return {**asdict(recovered.cause), "attempts": recovered.attempts, "points": list(recovered.points)}

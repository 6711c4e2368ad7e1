"""LEAF. The `sweep` commands that messages tell a user to run next, as the user can paste them."""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SPEC_FILE = "spec.yaml"
"""The resolved spec in the job's working directory."""

CLIENT = "SWEEP_SAID"
"""Set in a job, as JSON: the client's dashboard address and the arguments that name its spec."""

RUN_COMMANDS = ("run", "resume")
QUERY_COMMANDS = ("status", "stop", "failures", "show", "plan")
"""The commands that a cluster runs as a job: those that run a sweep, and those whose jobs end with their answer."""

TAKE_AN_ADDRESS = (*QUERY_COMMANDS, "resume")
"""The commands to which a user gives the address of a cluster."""


DEFAULT_STORE = "runs"

PROGRAM = "sweep"


def command_line(*arguments: str, **values: object) -> str:
    """A `sweep` command to paste: the arguments, and an option for every value that is not its default."""
    client_arguments, options = for_client(arguments, values)
    passed = {name: str(value) for name, value in options.items() if value is not None}
    passed = {name: value for name, value in passed.items() if (name, value) != ("store", DEFAULT_STORE)}
    parts = ["sweep", *client_arguments]
    for name, value in passed.items():
        parts += [f"--{name.replace('_', '-')}", value]
    return shlex.join(parts)


def typed_again(word: str, instead: str) -> str | None:
    """The command that the user typed, with another word in place of one.

    None where this is no `sweep` command, or an address is among its words: that may carry a login not refused yet.
    """
    is_typed = Path(sys.argv[0]).name == PROGRAM and word in sys.argv
    if not is_typed or any("://" in argument for argument in sys.argv):
        return None
    return command_line(*(instead if argument == word else argument for argument in sys.argv[1:]))


def spec_arguments(spec: str, settings: Sequence[str]) -> tuple[str, ...]:
    """The arguments that name a spec on the client's command line."""
    return (spec, *(argument for setting in settings for argument in ("--set", setting)))


def for_client(arguments: Sequence[str], options: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Arguments and options of a `sweep` command for its user: in a job they are changed to those for the client."""
    if not (client := json.loads(os.environ.get(CLIENT, "null"))):
        return list(arguments), dict(options)
    if list(arguments[:2]) == ["run", SPEC_FILE]:
        return ["submit", *client["spec"], *arguments[2:]], {**options, "address": client["address"]}
    if arguments[0] in TAKE_AN_ADDRESS:
        return list(arguments), {**options, "address": client["address"]}
    return list(arguments), dict(options)


def is_on_a_cluster() -> bool:
    """Whether this process is a job on the head of a cluster, so that its trials run on other machines."""
    return CLIENT in os.environ

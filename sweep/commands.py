"""LEAF. The `sweep` command that a message tells its user to run next, as it can be pasted where the user is."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

SPEC_FILE = "spec.yaml"
"""The resolved spec in the job's working directory."""

SAID = "SWEEP_SAID"
"""Set in a job: how its client says the commands that it is told to run next, as JSON."""

TAKE_AN_ADDRESS = ("status", "stop", "failures", "show", "plan", "resume")


DEFAULT_STORE = "runs"


def command_line(*words: str, **values: object) -> str:
    """A `sweep` command to paste: the words, and an option for every value that is not its default."""
    words_there, options = as_said(words, values)
    passed = {name: str(value) for name, value in options.items() if value is not None}
    passed = {name: value for name, value in passed.items() if (name, value) != ("store", DEFAULT_STORE)}
    parts = ["sweep", *words_there]
    for name, value in passed.items():
        parts += [f"--{name.replace('_', '-')}", value]
    return shlex.join(parts)


def said_spec(spec: str, settings: Sequence[str]) -> tuple[str, ...]:
    """The words for a spec as its client says it."""
    return (spec, *(word for setting in settings for word in ("--set", setting)))


def as_said(words: Sequence[str], options: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Words and options of a `sweep` command where it will be pasted: in a job, at the client, with its address."""
    if not (said := json.loads(os.environ.get(SAID, "null"))):
        return list(words), dict(options)
    if list(words[:2]) == ["run", SPEC_FILE]:
        return ["submit", *said["spec"], *words[2:]], {**options, "address": said["address"]}
    if words[0] in TAKE_AN_ADDRESS:
        return list(words), {**options, "address": said["address"]}
    return list(words), dict(options)


def is_on_a_cluster() -> bool:
    """Whether this process is a job on the head of a cluster, whose trials run on nodes that are not seen from here."""
    return SAID in os.environ

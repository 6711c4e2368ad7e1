"""The request that a client sends to a cluster's head as a job, and the marks of the job's log."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

from sweep.commands import CLIENT

BEGIN = "sweep job on "
"""Begins the first line that the job itself prints: without it, the project is not installed there."""

ANSWER = "sweep answer "
"""Begins the line that carries the command's standard output as JSON; all other lines are messages."""


@dataclass(frozen=True)
class Request:
    """A `sweep` command to be run on the head: its arguments, settings of the client, and its client's code.

    `said_spec`: the arguments that name the sent spec at the client, as in `fig4a --set grid.width=[50]`.
    """

    arguments: tuple[str, ...]
    address: str
    said_spec: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)

    def entrypoint(self) -> str:
        """The shell command of the job; it replaces the shell, so that signals arrive once."""
        return f"exec python3 -m sweep.cli.job {shlex.quote(json.dumps(asdict(self)))}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The request that was sent."""
        fields = json.loads(text)
        return cls(**fields | {"arguments": tuple(fields["arguments"]), "said_spec": tuple(fields["said_spec"])})

    def option(self, name: str) -> str | None:
        """The value of an option among the arguments."""
        return dict(zip(self.arguments, self.arguments[1:], strict=False)).get(name)

    def client_setting(self) -> dict[str, str]:
        """The environment variable from which `for_client` knows this client."""
        return {CLIENT: json.dumps({"address": self.address, "spec": self.said_spec})}

"""The `sweep` command run in the process of the tests; `tests.processes` runs it as one of its own."""

import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from analysis.cli import main
from tests.processes import bare_environment

Command = Callable[..., "Done"]


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def in_this_process(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command with arguments, and with environment variables of its own besides those of a bare user."""

    def run(*arguments: str, **environment: str) -> Done:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patched:
            for name in os.environ.keys() - bare_environment().keys():
                patched.delenv(name)
            for name, value in environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["sweep", *arguments])
            with pytest.raises(SystemExit) as end:
                main()
        return Done(int(end.value.code or 0), *capsys.readouterr())

    return run

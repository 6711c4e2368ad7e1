"""The command in an empty folder."""

from pathlib import Path

import pytest

from tests.commands import Command


@pytest.fixture
def sweep(run_here: Command, here: Path) -> Command:
    """Runs the command in an empty folder, in this process."""
    return run_here

"""Stores that code of earlier schemas wrote, kept for ever, one for each schema."""

import shutil
from pathlib import Path

import pytest

from tests.commands import Command

SCHEMA_1 = Path(__file__).parent.parent / "fixtures" / "store_schema_1"
DONE, BEGUN = str(SCHEMA_1 / "done.yaml"), str(SCHEMA_1 / "begun.yaml")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the store of the first schema."""
    return shutil.copytree(SCHEMA_1 / "store", tmp_path / "runs")


@pytest.fixture
def sweep(root: Path, run_here: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command on that store, which is the default one."""
    monkeypatch.chdir(root.parent)
    return run_here

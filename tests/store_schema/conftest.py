"""Stores that code of earlier schemas wrote, kept for ever, one for each schema."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from analysis.cli import main

SCHEMA_1 = Path(__file__).parent.parent / "fixtures" / "store_schema_1"


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Sweep = Callable[..., Done]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the store of the first schema."""
    return shutil.copytree(SCHEMA_1 / "store", tmp_path / "runs")


@pytest.fixture
def sweep(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sweep:
    """Runs a command on that store, which is the default one."""
    monkeypatch.chdir(root.parent)
    monkeypatch.delenv("SWEEP_STORE", raising=False)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["sweep", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return Done(int(end.value.code or 0), *capsys.readouterr())

    return run

"""What the shell completes: commands, and the names of presets, sweeps and points."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.store import Store, load
from trainables.config import TrialConfig
from trainables.records import PointResult


def completed(*words: str, store: Path) -> set[str]:
    """What a Bash shell is told for the last word, which is not whole."""
    variables = {
        "_SWEEP_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("sweep", *words)),
        "COMP_CWORD": str(len(words)),
        "SWEEP_STORE": str(store),
    }
    program = "import sys; sys.argv[0] = 'sweep'; from analysis.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    return set(done.stdout.split())


@pytest.fixture
def store(tmp_path: Path, result: Callable[[TrialConfig], PointResult]) -> Store:
    """A store with one sweep of two points, of which one is finished."""
    kept, spec = Store(tmp_path / "runs"), load("demo", ["name=mine", "grid.seed=[0]", "grid.width=[8]"])
    kept.save_spec("mine", spec.to_yaml())
    kept.commit_result(spec.points[0], result(spec.points[0]))
    return kept


def test_commands_presets_sweeps_and_points_are_completed(store: Store) -> None:
    assert completed("sta", store=store.root) == {"status"}
    assert {"isometry", "isometry-demo"} <= completed("plan", "iso", store=store.root)
    assert completed("status", "mi", store=store.root) == {"mine"}
    begun = store.spec("mine").points[0].point_id
    assert completed("show", "mine", begun[:5], store=store.root) == {begun}

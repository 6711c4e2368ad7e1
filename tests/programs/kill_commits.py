"""Commits the result of a point to stores and is killed at a step of each: kill_commits.py FOLDER CONFIG.

The stores are FOLDER/step-N; a fork of this process commits to each and gets SIGKILL at step N. FOLDER/killed-N has the
exit code of the fork.
"""

import os
import sys
from pathlib import Path

from sweep.storage import folder as folders
from sweep.store import Store
from tests.conftest import make_result
from tests.faults.steps import Disk, kill_itself
from trainables.config import TrialConfig


def main(folder: Path, point: TrialConfig) -> None:
    """Fork for every store."""
    for path in folder.glob("step-*"):
        step = int(path.name.rpartition("-")[2])
        if not (child := os.fork()):
            folders.os = Disk(step, kill_itself)  # type: ignore[assignment]
            Store(path).commit_result(point, make_result(point))
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        (folder / f"killed-{step}").write_text(str(code))


if __name__ == "__main__":
    main(Path(sys.argv[1]), TrialConfig.model_validate_json(sys.argv[2]))

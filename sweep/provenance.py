"""Which code ran: the commit of this project's checkout and whether it was changed since."""

import subprocess
from pathlib import Path
from typing import Any


def code() -> dict[str, Any]:
    """`git_commit` and `git_dirty` of the checkout this package runs from; None where there is none."""
    folder = Path(__file__).parent
    if not (folder.parent / ".git").exists():
        return {"git_commit": None, "git_dirty": None}
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"git_commit": commit, "git_dirty": bool(changes) if changes is not None else None}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

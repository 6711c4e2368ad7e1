"""What `make` does on a new machine: it says what it installs, no developers' tools for the demo, figures once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def would_do(folder: Path, target: str) -> str:
    """The commands of a target where nothing is installed yet."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-n", target]
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=True).stdout


def test_the_demo_says_how_much_it_installs_and_installs_what_a_run_needs(tmp_path: Path) -> None:
    commands = would_do(tmp_path, "demo")
    first = commands.splitlines()[0]
    assert "GB" in first
    assert "minutes" in first
    assert "uv pip install" in commands
    assert "MB so far" in commands
    assert "-e '.'" in commands
    assert "[dev]" not in commands


def test_where_uv_cannot_install_pip_does_and_that_is_said(tmp_path: Path) -> None:
    fallback = would_do(tmp_path, "demo").partition("uv cannot install the packages: pip takes longer")[2]
    assert "pip install --quiet --no-compile" in fallback.partition("-e '.'")[0]


def test_where_uv_is_not_installed_its_removal_says_nothing(tmp_path: Path) -> None:
    assert "pip uninstall -qq --yes uv" in would_do(tmp_path, "demo")


def test_the_demo_draws_its_figures_once(tmp_path: Path) -> None:
    run = [line for line in would_do(tmp_path, "demo").splitlines() if line.startswith(".venv/bin/sweep ")]
    assert [line.split()[1] for line in run] == ["run", "export", "report"]


@pytest.mark.parametrize("target", ["test", "check"])
def test_what_developers_need_comes_with_their_targets(tmp_path: Path, target: str) -> None:
    assert "-e '.[dev]'" in would_do(tmp_path, target)

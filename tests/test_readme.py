"""The README is true: its commands run, its code prints, its links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.cli import app
from sweep.store import load
from tests.processes import bare_environment

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return bare_environment() | {"PATH": path}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_tour_runs_as_printed_and_then_so_does_the_code(folder: Path, environment: dict[str, str]) -> None:
    (tour,) = blocks("bash")
    commands = [shlex.split(line, comments=True) for line in tour.splitlines()]
    assert len(commands) == 11
    for command in commands:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
    for name in ("fig4a", "fig4b", "fig5a", "fig5b", "learning_curves"):
        assert (folder / "out" / f"{name}.png").stat().st_size > 10_000
    assert (folder / "out" / "report.html").stat().st_size > 100_000
    for code in blocks("python"):
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)
    subprocess.run(["sweep", "mi", "pair.npz"], cwd=folder, env=environment, check=True, capture_output=True)


def test_the_spec_shown_is_a_spec(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert len(load(str(path)).points) == 8


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        assert target.startswith("https://arxiv.org/") or (ROOT / target).exists(), target


def test_every_command_is_in_the_readme() -> None:
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for name in names:
        assert f"sweep {name}" in README, name

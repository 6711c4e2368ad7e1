"""README and docs are true: their commands run, their code prints, their links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.cli import COMMANDS
from sweep.store import Store, load
from sweep.system import provenance
from tests.conftest import make_result
from tests.processes import bare_environment

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]


def blocks(language: str) -> list[str]:
    """The blocks of that language in all pages."""
    text = "\n".join(page.read_text() for page in PAGES)
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return bare_environment() | {"PATH": path}


@pytest.fixture(scope="module")
def begun(folder: Path) -> Store:
    """A store that holds, made up, most points of the tour: of the two seeds that it begins with every fourth is left
    to be computed, and one of the third seed, which it adds."""
    store, here = Store(folder / "runs"), provenance.current()
    begins_with, adds = load("demo").points, load("demo", ["grid.seed=[2]"]).points
    for point in [*(point for place, point in enumerate(begins_with) if place % 4), *adds[1:]]:
        done = make_result(point)
        store.commit_result(point, replace(done, provenance=done.provenance | here))
    return store


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("begun")
def test_the_tour_runs_as_printed_and_then_so_does_the_code(folder: Path, environment: dict[str, str]) -> None:
    (tour,) = blocks("bash")
    commands = [shlex.split(line, comments=True) for line in tour.splitlines()]
    assert len(commands) == 12
    for command in commands:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
    for name in ("fig4a", "fig4b", "fig5a", "fig5b", "learning_curves"):
        assert (folder / "out" / f"{name}.png").stat().st_size > 10_000
    assert (folder / "out" / "report.html").stat().st_size > 100_000
    for code in blocks("python"):
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)
    subprocess.run(["sweep", "mi", "pair.npz"], cwd=folder, env=environment, check=True, capture_output=True)


def test_the_specs_shown_are_specs(tmp_path: Path) -> None:
    path, counts = tmp_path / "mine.yaml", []
    for text in blocks("yaml"):
        path.write_text(text)
        counts.append(len(load(str(path)).points))
    assert counts == [8, 2 * 3 + 8]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        place = target.partition("#")[0]
        assert target.startswith(("https://arxiv.org/", "#")) or (document.parent / place).exists(), target


def test_every_command_stands_in_a_page() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    for name in COMMANDS:
        assert f"sweep {name}" in text, name


def test_the_readme_is_short_and_its_first_screen_says_what_shows_what_and_starts() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 130
    screen = "\n".join(lines[:28])
    assert "![" in screen
    assert "make demo" in screen
    assert "GB" in screen
    assert "minute" in screen

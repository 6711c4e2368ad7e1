"""Paths in which no shell replaced the `~`: in an option with `=`, in a variable of the environment."""

from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.store import Store
from sweep.system.paths import with_home
from sweep.tracking.settings import tracking_address
from tests.commands import Command
from tests.conftest import make_result
from trainables.config import TrialConfig


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder, and another as the working directory."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    return home


def test_a_store_is_in_the_home_folder(home: Path) -> None:
    point = TrialConfig(epochs=1, depth=2, width=1)
    Store("~/runs").commit_result(point, make_result(point))
    assert (home / "runs" / "points" / point.point_id / "result").is_file()
    assert list(Path.cwd().iterdir()) == []


def test_a_spec_and_an_output_are_too(home: Path, run_here: Command) -> None:
    (home / "one.yaml").write_text("fixed: {epochs: 1}\ngrid: {seed: [0]}\n")
    assert run_here("plan", "~/one.yaml", "--store=~/runs").returncode == 0
    store = Store("~/runs")
    store.save_spec("one", "name: one\nfixed: {epochs: 1}\ngrid: {seed: [0]}\n")
    done = run_here("export", "one", "--store=~/runs", "--output=~/out")
    assert done.returncode == 0, done.stderr
    assert (home / "out" / "points.parquet").is_file()
    assert list(Path.cwd().iterdir()) == []


def test_data_are_looked_for_in_the_home_folder(home: Path, run_here: Command) -> None:
    done = run_here("run", "fig4a", SWEEP_DATA_DIR="~/data")
    assert done.returncode == 2
    assert f"not found in {home}/data/mnist" in done.stderr


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(UsageError, match="there is no user nobody-of-this-name on this machine"):
        with_home("~nobody-of-this-name/runs")


@pytest.mark.parametrize("address", ["sqlite:///mlflow.db", "sqlite:///below/mlflow.db"])
def test_the_address_of_a_database_is_absolute(home: Path, address: str) -> None:
    assert tracking_address(address) == f"sqlite:///{Path.cwd()}/{address.removeprefix('sqlite:///')}"


def test_the_address_of_anything_else_stays() -> None:
    for address in ("http://127.0.0.1:5000", "sqlite:////tmp/mlflow.db", "postgresql://there/mlflow", None):
        assert tracking_address(address) == address

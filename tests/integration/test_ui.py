"""`sweep ui` as a person meets it: the address is said once it answers, and shows runs, params and metrics."""

import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sweep.store import Store, load
from sweep.tracking.mirror import Mirror
from tests.listeners import listeners, open_to_others
from tests.processes import start
from tests.servers import free_port
from trainables.config import TrialConfig
from trainables.records import PointResult

pytestmark = pytest.mark.slow

NAMES = ("mlp-w8-d3-s0", "shortcut-w8-d3-s0")


@pytest.fixture(scope="module")
def ui(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """The command on a store of two runs, and what it has said, up to the word that ends it."""
    from tests.conftest import make_result

    folder = tmp_path_factory.mktemp("ui")
    settings = ["grid.architecture=[mlp, shortcut]", "grid.width=[8]", "grid.depth=[3]", "grid.seed=[0]"]
    spec, store = load("demo", settings), Store(folder / "runs")
    for point in spec.points:
        store.commit_result(point, make_result(point))
    Mirror(f"sqlite:///{folder}/runs/mlflow.db", spec, store).replay(spec.points)
    process = start("ui", "demo", "--no-browser", "--store", str(store.root), "--port", str(free_port()))
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line.rstrip())
        if "Ctrl-C ends it" in line:
            break
    try:
        yield process, said
    finally:
        process.kill()
        process.communicate()


def address(said: list[str]) -> str:
    return next(line.partition(": ")[2] for line in said if line.startswith("runs of demo: "))


def test_it_says_the_address_of_the_runs_once_it_answers_and_nothing_foreign(
    ui: tuple["subprocess.Popen[str]", list[str]],
) -> None:
    _, said = ui
    assert said[0] == "starting MLflow's server"
    assert all(line.startswith(("starting MLflow's server", "runs of demo: ", "Ctrl-C")) for line in said), said
    with urllib.request.urlopen(address(said).partition("#")[0], timeout=60) as answer:
        assert answer.status == 200


def test_a_person_lands_on_runs_with_columns_of_params_and_metrics(
    ui: tuple["subprocess.Popen[str]", list[str]], tmp_path: Path
) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium on this machine")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--window-size=1600,1000"]
    seen = [chromium, *options, "--virtual-time-budget=60000", "--timeout=120000", "--dump-dom", address(ui[1])]
    page = subprocess.run(seen, capture_output=True, text=True, check=True, timeout=500).stdout
    for text in (*NAMES, "architecture", "width", "test_error", "mutual_information_bits"):
        assert text in page, text


def test_it_listens_on_loopback_only(ui: tuple["subprocess.Popen[str]", list[str]]) -> None:
    found = listeners(ui[0])
    assert found
    assert open_to_others(found) == set()


def test_it_ends_with_all_its_processes(ui: tuple["subprocess.Popen[str]", list[str]]) -> None:
    process, _ = ui
    below = psutil.Process(process.pid).children(recursive=True)
    assert below
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 0
    assert psutil.wait_procs(below, timeout=60)[1] == []


def test_a_sweep_without_runs_is_named_with_the_command_that_makes_them(
    tmp_path: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    spec, store = load("demo"), Store(tmp_path / "runs")
    Mirror(f"sqlite:///{tmp_path}/runs/mlflow.db", spec, store)
    process = start("ui", "dmo", "--store", str(store.root), "--port", str(free_port()))
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "no runs of sweep 'dmo' (did you mean 'demo'?)" in stderr

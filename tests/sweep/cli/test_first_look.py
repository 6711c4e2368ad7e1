"""What a person meets first: the help, a closed pipe, a plan beside a live driver, one point on a terminal."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.cli import COMMANDS
from sweep.cli.app import EXIT_CODES, loaded
from sweep.store import Attempt, Lease, Store, load
from sweep.store import running as running_points
from tests.commands import Command
from tests.conftest import QUICK_BEATS, make_history
from tests.processes import COMMAND
from trainables.config import TrialConfig
from trainables.records import PointResult
from trainables.snapshots import Snapshot

Result = Callable[[TrialConfig], PointResult]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_begins_as_the_help_of_all_lists_it(name: str) -> None:
    first = " ".join((loaded(name).help or "").split("\n\n")[0].split())
    assert first.startswith(COMMANDS[name].help.rstrip(".")), first


def test_the_help_has_panels_and_exit_codes(run_here: Command) -> None:
    done = run_here("--help", COLUMNS="120")
    for panel in {entry.panel for entry in COMMANDS.values()}:
        assert panel in done.stdout
    shown = " ".join(done.stdout.split())
    assert EXIT_CODES in shown
    for name in COMMANDS:
        assert re.search(rf"│ {name} ", done.stdout), name


TOO_LONG = "a" * 300
"""The name of a folder that no file system takes."""
ENDS = {
    **dict.fromkeys(["presets --nonsense", "mi nowhere.npz", f"ui --store {TOO_LONG}", "store migrate x"], 2),
    **dict.fromkeys(["track x", "weights x -o out", "plan dmo", "status x", "show x y", "failures x", "stop x"], 2),
    **dict.fromkeys([f"{name} x -o out" for name in ("export", "figures", "report")], 2),
    **dict.fromkeys(["claims x", "power x", "doctor dmo"], 2),
    **dict.fromkeys(
        [
            f"{command} --store {TOO_LONG}"
            for command in (
                *("plan demo", "status x", "show x y", "failures x", "stop x", "doctor", "track x"),
                *("weights x -o out", "store migrate", "claims x", "power x"),
                *(f"{name} x -o out" for name in ("export", "figures", "report")),
            )
        ],
        6,
    ),
    **dict.fromkeys(
        [
            f"{command} --address http://127.0.0.1:1"
            for command in ("plan demo", "status x", "show x y", "failures x", "stop x")
        ],
        7,
    ),
    "doctor --address 127.0.0.1:1": 7,
}
"""Commands that start no sweep, and the exit codes with which they end."""
RUNS_OR_WAITS = {"run", "resume", "measure", "submit"}


def codes_in_help(name: str) -> set[int]:
    return {int(code) for code in re.findall(r"\b(\d) ", loaded(name).epilog)}


@pytest.mark.parametrize("command", ENDS)
@pytest.mark.usefixtures("here")
def test_a_command_ends_with_one_of_the_exit_codes_in_its_help(run_here: Command, command: str) -> None:
    done = run_here(*command.split())
    assert (done.returncode, "internal error" in done.stderr) == (ENDS[command], False), done.stderr
    assert done.returncode in codes_in_help(command.split()[0])


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - RUNS_OR_WAITS))
def test_the_help_of_a_command_lists_no_exit_code_with_which_it_cannot_end(name: str) -> None:
    reached = {code for command, code in ENDS.items() if command.split()[0] == name}
    if 7 in reached and name != "doctor":
        reached.add(5)  # Ctrl-C while the cluster answers: `tests/integration/test_submit.py`
    if name == "store":
        reached.add(4)  # a live driver: `tests/store_schema/test_versions.py`
    assert codes_in_help(name) == {0, 1} | reached


def test_the_exit_codes_are_at_the_end_of_the_help_of_each_command(run_here: Command) -> None:
    for words in (["mi"], ["store", "migrate"]):
        shown = " ".join(run_here(*words, "--help", COLUMNS="120").stdout.split())
        assert shown.endswith(loaded(words[0]).epilog)


def test_the_version_is_that_of_the_package(run_here: Command) -> None:
    done = run_here("--version")
    assert (done.returncode, done.stdout) == (0, "mi-sweep 0.1.0\n")


def test_an_option_without_effect_is_taken_and_not_listed(run_here: Command) -> None:
    assert "--tracking-uri" not in run_here("status", "--help").stdout
    assert run_here("presets", "--tracking-uri", "sqlite:///x.db").returncode == 0


@pytest.mark.parametrize("command", ["presets", "plan demo", "plan demo --json"])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, command: str) -> None:
    """As `head -1` does: it reads a line and closes the pipe."""
    process = subprocess.Popen(
        [*COMMAND, *command.split()], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    assert process.wait(timeout=120) in (0, 141)
    assert "Error" not in said
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


@pytest.fixture
def at_work(tmp_path: Path, result: Result) -> Store:
    """A store of which one point is finished and two have snapshots."""
    store, spec = Store(tmp_path / "runs", QUICK_BEATS), load("demo", [f"grid.{one}" for one in SMALL])
    store.save_spec("demo", spec.to_yaml())
    first, *others = spec.points
    store.commit_result(first, result(first))
    for point in others[:2]:
        store.begin_attempt(point.point_id, Attempt(0, "2026-01-02T03:04:05+00:00", "here", 0, {}))
        store.commit_snapshot(Snapshot(point, make_history(point, 1), ()))
    return store


def test_points_of_a_live_driver_are_running_wherever_they_are_counted(at_work: Store, run_here: Command) -> None:
    spec = at_work.spec("demo")
    running = {point.point_id: 1 for point in spec.points[1:3]}
    where = ("--store", str(at_work.root))
    work = {"running": running, "epochs_at_start": 0, "seconds": 1.0}
    with Lease(at_work, "demo", lambda: work):
        while not running_points(at_work, "demo"):
            time.sleep(0.05)
        planned = run_here("plan", at_work.spec_address("demo"), *where)
        claimed = run_here("claims", "demo", *where)
    assert re.search(r"running +2\b", planned.stdout), planned.stdout
    assert "interrupted" not in planned.stdout
    assert f"sweep status demo --watch --store {at_work.root}" in planned.stderr
    assert "sweep run" not in planned.stderr
    assert "2 running" in claimed.stdout
    assert "resume" not in claimed.stdout
    after = run_here("plan", at_work.spec_address("demo"), *where)
    assert re.search(r"interrupted +2\b", after.stdout), after.stdout


PROVENANCE = {
    "packages": {f"package-{number}": "1.2.3" for number in range(20)},
    "components": {"architecture mlp": "0123456789abcdef", "training": "0123456789abcdef"},
    "driver": None,
    "device": "cpu",
}
SMALL = ("seed=0..2", "width=[8]", "depth=[3]")
NOISE = "2026-11-30 10:12:00.1: E external/local_xla/cuda_platform.cc:51] failed call to cuInit: UNKNOWN ERROR (303)"


def test_a_point_fits_a_terminal_and_has_no_noise(tmp_path: Path, result: Result) -> None:
    store, spec = Store(tmp_path / "runs"), load("demo")
    point = spec.points[0]
    store.save_spec("demo", spec.to_yaml())
    store.begin_attempt(point.point_id, Attempt(0, "2026-01-02T03:04:05+00:00", "here", 0, PROVENANCE))
    store.save_log(point.point_id, 1, f"attempt 1 starts\n{NOISE}\nfinished\n".encode())
    store.commit_result(point, replace(result(point), provenance=PROVENANCE))
    shown = ["show", "demo", point.point_id, "--store", str(store.root)]
    done = subprocess.run(
        [*COMMAND, *shown], env=os.environ | {"COLUMNS": "80"}, capture_output=True, text=True, check=True
    )
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "None" not in done.stdout
    assert "{" not in done.stdout
    assert "cuInit" not in done.stdout
    assert "  finished" in done.stdout
    assert "package-19 1.2.3" in " ".join(done.stdout.split())


def test_figures_are_drawn_whatever_a_notebooks_shell_sets(tmp_path: Path, at_work: Store) -> None:
    command = [
        *COMMAND,
        "figures",
        "demo",
        "-o",
        str(tmp_path / "out"),
        "--store",
        str(at_work.root),
        "--only",
        "timeline",
    ]
    environment = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "timeline.png").is_file()


def test_figures_of_a_sweep_in_which_nothing_is_finished_say_so(run_here: Command, tmp_path: Path) -> None:
    store, spec = Store(tmp_path / "runs"), load("demo", [f"grid.{one}" for one in SMALL])
    store.save_spec("demo", spec.to_yaml())
    point = spec.points[0]
    store.begin_attempt(point.point_id, Attempt(0, "2026-01-02T03:04:05+00:00", "here", 0, {}))
    store.commit_snapshot(Snapshot(point, make_history(point, 1), ()))
    done = run_here("figures", "demo", "--store", str(store.root), "-o", str(tmp_path / "out"))
    assert "nothing finished yet in sweep demo" in done.stderr


def test_a_name_that_begins_others_too_is_that_of_its_own_point(run_here: Command, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    store.save_spec("demo", load("demo").to_yaml())
    shown = run_here("show", "demo", "mlp-w8-d4-s0", "--json", "--store", str(store.root))
    assert json.loads(shown.stdout)["config"]["frozen"] is False
    twin = run_here("show", "demo", "mlp-w8-d4-s0-frozen", "--json", "--store", str(store.root))
    assert json.loads(twin.stdout)["config"]["frozen"] is True

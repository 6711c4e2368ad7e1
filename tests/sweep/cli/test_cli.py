"""The command line as a user meets it: a message, an exit code, nothing created, no stack trace."""

import gzip
import json
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep.store import Store
from tests.commands import Command
from tests.processes import bare_environment
from trainables.config import TrialConfig
from trainables.records import PointResult

Process = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def process(here: Path) -> Process:
    """Runs the installed command in an empty folder, as a user does."""
    environment = bare_environment()
    installed = shutil.which("sweep", path=str(Path(sys.executable).parent))
    assert installed

    def run(*arguments: str, **extra: str) -> "subprocess.CompletedProcess[str]":
        command = [installed, *arguments]
        return subprocess.run(
            command, env=environment | extra, capture_output=True, text=True, timeout=500, check=False
        )

    return run


def below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "dmo"], 2, "unknown preset 'dmo' (did you mean 'demo'?)"),
        (["run", "nowhere.yaml"], 2, "nowhere.yaml: no such spec file; the presets are demo,"),
        (["run", "demo", "--set", "grid.wdth=[1]"], 2, "did you mean 'width'?"),
        (["run", "demo", "--set", "fixed.architecture=mpl"], 2, "did you mean 'mlp'?"),
        (["run", "demo", "--set", "grid.depth=[1]"], 2, "depth: 1: must be greater than or equal to 2"),
        (["run", "demo", "--set", "grid.width=[0]"], 2, "width: 0: must be greater than or equal to 1"),
        (["run", "demo", "--set", "grid.seed=[]"], 2, "'seed' in 'grid' is empty"),
        (["run", "demo", "--set", "grid.seed=0..999", "--set", "grid.width=1..1000"], 2, "12,000,000 points"),
        (["run", "demo", "--gpus-per-trial", "1.5"], 2, "'--gpus-per-trial': 1.5: must be a part of one GPU"),
        (["run", "demo", "--cpus-per-trial", "0"], 2, "'--cpus-per-trial': 0.0: must be greater"),
        (["run", "demo", "--retry", "cod"], 2, "allowed are infra, resource, numeric, code, all"),
        (["run", "demo", "--point", "mlp"], 2, "--point mlp: not a point of demo"),
        (["run", "fig4a", "--data-dir", "nowhere"], 2, "train-images-idx3-ubyte.gz"),
        (["run", "demo", "--address", "127.0.0.1:1"], 7, "no Ray cluster at 127.0.0.1:1"),
        (["status", "demo"], 2, "unknown sweep 'demo' in the store runs: there are none"),
        (["resume", "demo"], 2, "next: sweep presets"),
        (["failures", "demo"], 2, "unknown sweep 'demo'"),
        (["show", "demo", "mlp"], 2, "unknown sweep 'demo'"),
        (["export", "demo", "-o", "out"], 2, "unknown sweep 'demo'"),
        (["figures", "demo", "-o", "out"], 2, "unknown sweep 'demo'"),
        (["figures", "demo", "-o", "out", "--only", "fig9"], 2, "unknown figure; allowed are fig4a"),
        (["claims", "demo"], 2, "unknown sweep 'demo'"),
        (["track", "demo"], 2, "unknown sweep 'demo'"),
        (
            ["export", "demo", "-o", "out", "--from-mlflow", "any", "--partition-by", "width"],
            2,
            "is for exports from the",
        ),
        (["export", "demo", "-o", "out", "--from-mlflow", "sqlite:///none.db"], 2, "no such database"),
        (
            ["export", "demo", "-o", "out", "--from-mlflow", "http://127.0.0.1:1"],
            2,
            "does not answer (Connection refused)",
        ),
        (["run", "demo", "--store", "what?"], 2, "'?' cannot stand in the path of a store"),
        (["run", "demo", "--store", "a%20b"], 2, "'%' cannot stand in the path of a store"),
        (["stop", "demo"], 2, "unknown sweep 'demo'"),
        (["run", "demo", "--tracking-uri", "http://a:b@c"], 2, "http://... carries a login, which would be shown and"),
        (["export", "demo", "-o", "out", "--from-mlflow", "http://a:b@c"], 2, "http://... carries a login"),
        (["submit", "dmo", "--address", "http://127.0.0.1:1"], 2, "unknown preset 'dmo' (did you mean 'demo'?)"),
        (["submit", "demo"], 2, "--address is missing: allowed is the address of the cluster's dashboard"),
        (["submit", "demo", "--address", "127.0.0.1:8265"], 2, "--address 127.0.0.1:8265: allowed is"),
        (["submit", "demo", "--address", "http://me:secret@127.0.0.1:1"], 2, "--address 127.0.0.1:1: allowed is"),
        (["submit", "demo", "--address", "http://127.0.0.1:1"], 7, "no Ray cluster answers at http://127.0.0.1:1"),
        (["submit", "demo", "--address", "http://127.0.0.1:1", "--store", "here"], 2, "--store here: on a cluster"),
        (["submit", "demo", "--address", "http://127.0.0.1:1", "--retry", "cod"], 2, "allowed are infra"),
        (["submit", "demo", "--address", "http://127.0.0.1:1", "--point", "mlp"], 2, "not a point of demo"),
        (["status", "demo", "--address", "http://127.0.0.1:1"], 7, "no Ray cluster answers at http://127.0.0.1:1"),
        (["stop", "demo", "--address", "auto"], 2, "--address auto: allowed is the address of the cluster's dashboard"),
        (["plan", "dmo", "--address", "http://127.0.0.1:1"], 2, "unknown preset 'dmo'"),
        (["run", "demo", "--address", "http://127.0.0.1:1"], 2, "next: sweep submit demo --address http://127.0.0.1:1"),
        (["ui"], 2, "no tracking database in the store runs"),
        (["rum"], 2, "No such command 'rum'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_message_and_creates_nothing(
    sweep: Command, here: Path, arguments: list[str], code: int, said: str
) -> None:
    done = sweep(*arguments)
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert below(here) == []


def test_a_corrupt_data_file_is_named_before_anything_starts(sweep: Command, here: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(b"not mnist"))
    done = sweep("run", "fig4a", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 2
    assert "train-images-idx3-ubyte.gz is damaged: SHA-256" in done.stderr
    assert below(here) == []


def test_a_store_that_cannot_be_written_is_a_storage_fault(sweep: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = sweep("run", "demo", "--store", str(tmp_path / "file" / "runs"))
    assert done.returncode == 6
    assert "cannot write" in done.stderr
    assert "next: check the free space and permissions there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["plan demo", "run demo", "status demo", "claims demo", "store migrate", "doctor"])
def test_a_store_that_is_a_file_is_refused_by_whatever_command(sweep: Command, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("in the way")
    done = sweep(*command.split(), "--store", str(tmp_path / "file"))
    assert done.returncode == 6, done.stderr
    assert "file is a" in done.stderr or "file is not a folder" in done.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "spec.yaml:1: empty: a spec is a mapping with the keys name,"),
        ("# to be done", "spec.yaml:1: empty: a spec is"),
        ("name: a\nepochs: 5", "spec.yaml:2: unknown key 'epochs' (its place is 'fixed', 'grid' or 'zip'): allowed"),
        ("name: a\nfixed: {samples: 10}", "spec.yaml:2: unknown key 'samples' in 'fixed' (its place is 'measure')"),
        ("name: a\ncpus: 1", "spec.yaml:2: unknown key 'cpus' (its place is 'resources')"),
        ("name: a\nfixed: {keep: log}", "unknown key 'keep' in 'fixed' (its place is the top level of a spec)"),
        ("name: a\nepohcs: 5", "spec.yaml:2: unknown key 'epohcs': allowed"),
    ],
)
def test_an_empty_spec_and_a_key_in_another_place_are_told(sweep: Command, here: Path, text: str, said: str) -> None:
    (here / "spec.yaml").write_text(text)
    done = sweep("plan", "spec.yaml")
    assert done.returncode == 2
    assert said in done.stderr


def test_a_folder_is_no_spec(sweep: Command, here: Path) -> None:
    (here / "specs.yaml").mkdir()
    assert "specs.yaml: is a folder, no spec file" in sweep("plan", "specs.yaml").stderr


def test_a_closed_output_is_no_error() -> None:
    command = f"{shlex.join([sys.executable, '-c', 'from analysis.cli import main; main()'])} --version >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=500, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("command", ["--help", "presets"])
def test_an_output_that_does_not_fit_is_a_storage_fault(command: str) -> None:
    program = f"{shlex.join([sys.executable, '-c', 'from analysis.cli import main; main()'])} {command} >/dev/full"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 6
    assert done.stderr.startswith("sweep: the output cannot be written: No space left on device\n  next: ")


def test_a_preset_in_the_place_of_a_command_is_told(sweep: Command) -> None:
    done = sweep("demo")
    assert done.returncode == 2
    assert "which is a preset: sweep run demo" in done.stderr


def test_plan_writes_nothing_and_speaks_json(sweep: Command, here: Path) -> None:
    done = sweep("plan", "demo", "--set", "grid.seed=[0]", "--json")
    plan = json.loads(done.stdout)
    assert (plan["points_total"], len(plan["to_run"]), plan["trial_seconds"]) == (18, 18, None)
    assert below(here) == []


def test_reading_commands_tell_of_a_finished_point(
    sweep: Command, here: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    store = Store(here / "runs")
    point = TrialConfig(epochs=4, width=8)
    store.save_spec("one", "name: one\nfixed: {epochs: 4, width: 8}\n")
    store.commit_result(point, result(point))
    before = below(here)
    status = json.loads(sweep("status", "one", "--json").stdout)
    assert status["points"]["finished"] == status["points_total"] == 1
    assert status["driver"] == "none"
    shown = sweep("show", "one", "mlp", "--json")
    assert json.loads(shown.stdout)["point_id"] == point.point_id
    assert "test error" in sweep("show", "one", "mlp").stdout
    assert "finished" in sweep("plan", store.spec_address("one")).stdout
    assert below(here) == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("presets", 0, ""),
        ("rum", 2, "No such command 'rum'. Did you mean 'run', 'resume'?"),
        ("run dmo", 2, "sweep: unknown preset 'dmo' (did you mean 'demo'?)"),
        ("run demo --store /dev/null/runs", 6, "sweep: cannot write /dev/null/runs"),
        ("run demo --address 127.0.0.1:1", 7, "sweep: no Ray cluster at 127.0.0.1:1"),
    ],
)
def test_the_installed_command_ends_with_the_exit_code_of_its_error(
    process: Process, arguments: str, code: int, said: str
) -> None:
    done = process(*arguments.split())
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert (done.stdout == "") == (code != 0)
    assert "Traceback" not in done.stderr


def test_a_stack_trace_is_there_for_those_who_ask(
    process: Process,
) -> None:
    assert "Traceback" in process("status", "demo", SWEEP_DEBUG="1").stderr


def test_the_command_that_plan_prints_can_be_pasted(sweep: Command, tmp_path: Path) -> None:
    store = str(tmp_path / "my [store]")
    arguments = ["demo", "--set", "grid.architecture=[mlp]", "--set", "grid.width=[9]", "--store", store]
    said = sweep("plan", *arguments).stderr
    command = shlex.split(said.partition(": ")[2])
    assert command == ["sweep", "run", *arguments[:-2], "--set", "grid.seed=[0]", "--store", store]


@pytest.mark.parametrize("command", ["presets", "plan demo"])
def test_every_command_takes_the_shared_options(sweep: Command, command: str) -> None:
    done = sweep(*command.split(), "--store", "a", "--tracking-uri", "sqlite:///b", "--data-dir", "c")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_sweep_with_damaged_records_can_still_be_run(process: Process, here: Path) -> None:
    store = Store(here / "runs")
    store.save_spec("one", "gri: [")
    point = TrialConfig(epochs=4, width=8)
    store.objects.write(f"points/{point.point_id}/attempt-0001", b"{")
    spec = here / "one.yaml"
    spec.write_text("name: one\nfixed: {epochs: 0, width: 8}\n")
    done = process("run", "one.yaml")
    assert done.returncode == 0, done.stderr


def test_a_port_that_is_taken_is_named_with_one_that_is_free(sweep: Command, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = sweep("ui", "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db", "--port", str(port))
    assert done.returncode == 2
    assert f"--port {port} of this machine: address already in use" in done.stderr
    assert "next: sweep ui --tracking-uri" in done.stderr
    assert "starting" not in done.stderr


@pytest.mark.parametrize("command", ["run", "plan", "doctor"])
def test_a_typo_is_answered_by_the_command_that_was_typed_without_it(sweep: Command, command: str) -> None:
    done = sweep(command, "dmeo", "--store", "my runs")
    assert done.returncode == 2
    assert f"  next: sweep {command} demo --store 'my runs'\n" in done.stderr


def test_a_login_in_an_address_is_not_repeated_after_a_typo(sweep: Command) -> None:
    done = sweep("plan", "dmeo", "--store", "s3://KEY:HUSH@bucket/prefix")
    assert done.returncode == 2
    assert "  next: sweep plan demo\n" in done.stderr
    assert "HUSH" not in done.stderr

"""Failing trials in real sweeps: processes that die, hang or raise, every point alike, one sick host."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweep.health import ALIKE
from sweep.store import Known, Store
from tests.processes import COMMAND

INJECTION = Path(__file__).parent / "injection"
TIMEOUT_SECONDS = 400
pytestmark = pytest.mark.timeout(1200)


@dataclass
class Sweeps:
    """Runs the command with a `strike` injected into every training."""

    folder: Path
    environment: dict[str, str]

    @property
    def store(self) -> Path:
        return self.folder / "runs"

    def strike(self, code: str) -> None:
        (self.folder / "strike.py").write_text(f"import os, signal, time\nFOLDER = {str(self.folder)!r}\n{code}")

    def spec(self, text: str) -> str:
        path = self.folder / "spec.yaml"
        path.write_text(text)
        return str(path)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def known(self) -> dict[int, Known]:
        """What the store knows of the points of the one sweep, by seed."""
        store = Store(self.store)
        return {point.seed: store.known(point) for point in store.spec("struck").points}

    def causes(self) -> dict[str, dict]:
        """What `sweep failures` says, by kind."""
        done = self.run("failures", "struck", "--json")
        assert done.returncode == 0, done.stderr
        return {cause["kind"]: cause for cause in json.loads(done.stdout)["causes"]}


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("struck")


def sweeps_in(folder: Path) -> Sweeps:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SWEEP_", "MLFLOW_"))}
    paths = [str(INJECTION), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    struck = {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    struck |= {"SWEEP_TEST_STRIKE": str(folder / "strike.py"), "SWEEP_SNAPSHOT_SECONDS": "0.2"}
    return Sweeps(folder, clean | struck | {"SWEEP_HANG_SECONDS": "8"})


@pytest.fixture
def sweeps(tmp_path: Path) -> Sweeps:
    return sweeps_in(tmp_path)


KILLED, OUT_OF_MEMORY, HUNG, NUMERIC, WELL, DIVERGED = range(6)
EPOCHS = 80
MIXED = f"""
name: struck
fixed: {{dataset: digits, architecture: mlp, width: 4, depth: 3}}
include:
- fixed: {{epochs: {EPOCHS}}}
  grid: {{seed: [{KILLED}, {OUT_OF_MEMORY}, {HUNG}, {NUMERIC}, {WELL}]}}
- fixed: {{epochs: 20, seed: {DIVERGED}, learning_rate: 1.0e+38, batch_norm: false, optimizer: sgd}}
measure: {{every: 20}}
resources: {{gpus: 0, cpus: 1}}
"""
MIXED_STRIKE = f"""
def once(name):
    try:
        os.close(os.open(os.path.join(FOLDER, name), os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False

def strike(point, epoch):
    print("at epoch", epoch)
    time.sleep(0.02)
    if point.seed == {KILLED} and epoch > 1:
        names = os.listdir(os.path.join(FOLDER, "runs", "points", point.point_id))
        newest = max((int(name.split("-")[1]) for name in names if name.startswith("snapshot-")), default=0)
        if newest == 0:
            time.sleep(1)  # until one is due, however long this machine takes to write it
        elif once("killed"):
            os.system("echo last words of the killed")
            with open(os.path.join(FOLDER, "kept"), "w") as file:
                file.write(f"{{newest}} {{epoch}}")
            os.kill(os.getpid(), signal.SIGKILL)
    if point.seed == {OUT_OF_MEMORY} and epoch == 3:
        raise MemoryError("Unable to allocate %d GiB" % (4 + time.time() % 10))
    if point.seed == {HUNG} and epoch == 5 and once("hung"):
        time.sleep(10_000)
    if point.seed == {NUMERIC} and epoch == 2:
        raise FloatingPointError("overflow in unit %d" % os.getpid())
"""


@pytest.fixture(scope="module")
def mixed(module_folder: Path) -> tuple[Sweeps, subprocess.CompletedProcess[str]]:
    """A sweep in which every kind of failure happens."""
    sweeps = sweeps_in(module_folder)
    sweeps.strike(MIXED_STRIKE)
    return sweeps, sweeps.run("run", sweeps.spec(MIXED))


def test_points_that_can_finish_do_and_the_others_are_failures(mixed: tuple) -> None:
    sweeps, done = mixed
    assert done.returncode == 3, done.stderr
    states = {seed: str(known.state) for seed, known in sweeps.known().items()}
    fine = dict.fromkeys((KILLED, HUNG, WELL), "finished")
    assert states == fine | {OUT_OF_MEMORY: "failed", NUMERIC: "failed", DIVERGED: "diverged"}, done.stderr


def test_a_killed_process_goes_on_from_its_snapshot_and_leaves_its_last_words(mixed: tuple) -> None:
    sweeps, _ = mixed
    first, second = sweeps.known()[KILLED].attempts
    assert (first.failure.kind, first.failure.message) == ("infra", "its process died without a word")
    newest_snapshot, killed_at = map(int, (sweeps.folder / "kept").read_text().split())
    assert 0 < second.from_epoch == newest_snapshot < killed_at < EPOCHS
    assert second.failure is None
    point = next(point for point in Store(sweeps.store).spec("struck").points if point.seed == KILLED)
    assert "last words of the killed" in Store(sweeps.store).log(point.point_id, 1)
    assert len(sweeps.known()[WELL].attempts) == 1


def test_out_of_memory_is_tried_once_more_after_the_others(mixed: tuple) -> None:
    sweeps, done = mixed
    known = sweeps.known()
    first, second = known[OUT_OF_MEMORY].attempts
    assert [one.failure.kind for one in (first, second)] == ["resource", "resource"]
    others = [one.ended for seed in (KILLED, HUNG, WELL) for one in known[seed].attempts if one.ended]
    assert second.started >= max(others)
    assert "1 failed points run again, with more room for each" in done.stderr


def test_a_trial_that_hangs_is_ended_and_goes_on(mixed: tuple) -> None:
    first, second = mixed[0].known()[HUNG].attempts
    assert first.failure.kind == "infra"
    assert first.failure.message.startswith("hung: no epoch in ")
    assert "in strike" in first.failure.traceback
    assert second.failure is None


def test_numeric_errors_and_divergence_are_not_tried_again(mixed: tuple) -> None:
    known = mixed[0].known()
    (only,) = known[NUMERIC].attempts
    assert only.failure.kind == "numeric"
    assert len(known[DIVERGED].attempts) == 1


def test_failures_are_told_by_cause_with_the_command_for_each(mixed: tuple) -> None:
    sweeps, _ = mixed
    before = {path: path.stat().st_mtime_ns for path in sweeps.store.rglob("*")}
    causes = sweeps.causes()
    assert set(causes) == {"resource", "numeric"}
    assert causes["resource"]["attempts"] == 2
    assert "FloatingPointError: overflow in unit" in "\n".join(causes["numeric"]["log"])
    assert causes["numeric"]["place"].startswith("trainables/training.py") or "strike" in causes["numeric"]["traceback"]
    assert shlex.split(causes["numeric"]["retry"])[:5] == ["sweep", "resume", "struck", "--retry", "numeric"]
    told = sweeps.run("failures", "struck")
    assert "overcome: 2 earlier failures (2 infra) of 2 points" in told.stdout
    assert "next: sweep resume struck --retry resource --max-concurrent 1" in told.stderr
    shown = sweeps.run("show", "struck", "mlp-w4-d3-s0")
    assert "at epoch 80" in shown.stdout
    assert {path: path.stat().st_mtime_ns for path in sweeps.store.rglob("*")} == before


ALL = """
name: struck
fixed: {dataset: digits, architecture: mlp, width: 4, depth: 3, epochs: 2}
grid: {seed: 0..9}
resources: {gpus: 0, cpus: 1}
"""


def test_a_sweep_of_which_every_point_fails_alike_stops_with_one_message(sweeps: Sweeps) -> None:
    sweeps.strike("def strike(point, epoch):\n    raise ValueError(f'no such thing as {point.seed}')")
    done = sweeps.run("run", sweeps.spec(ALL))
    assert done.returncode == 3, done.stderr
    known = sweeps.known()
    assert sum(len(found.attempts) for found in known.values()) == ALIKE
    assert done.stderr.count("no such thing as") == 1
    assert f"stopped: {ALIKE} executions failed alike and none did better" in done.stderr
    (cause,) = sweeps.causes().values()
    assert len(cause["points"]) == ALIKE
    sweeps.strike("def strike(point, epoch):\n    pass")
    again = sweeps.run(*shlex.split(cause["retry"])[1:])
    assert again.returncode == 0, again.stderr
    assert {str(found.state) for found in sweeps.known().values()} == {"finished"}


CLUSTER = """
import json, sys, time
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
nodes = [cluster.add_node(num_cpus=1).node_id for _ in range(2)]
print(json.dumps([cluster.address, nodes]), flush=True)
sys.stdin.read()
cluster.shutdown()
"""
SICK_STRIKE = """
def strike(point, epoch):
    import ray
    with open(os.path.join(FOLDER, "sick")) as file:
        if ray.get_runtime_context().get_node_id() == file.read():
            raise ConnectionError("the network is down")
"""


@pytest.fixture
def cluster(sweeps: Sweeps) -> Iterator[tuple[str, list[str]]]:
    """The address of a cluster of two nodes with one CPU each, and their ids."""
    command = [sys.executable, "-c", CLUSTER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=sweeps.environment, cwd=sweeps.folder, text=True, **pipes) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("["))
            address, nodes = json.loads(line)
            yield address, nodes
        finally:
            process.stdin.close()
            process.wait(60)


def test_a_host_that_fails_where_others_do_not_gets_no_more_points(
    sweeps: Sweeps, cluster: tuple[str, list[str]]
) -> None:
    address, (sick, healthy) = cluster
    (sweeps.folder / "sick").write_text(sick)
    sweeps.strike(SICK_STRIKE)
    done = sweeps.run("run", sweeps.spec(ALL), "--address", address)
    assert done.returncode == 0, done.stderr
    assert f"(node {sick[:8]}) fails where others do not: no more trials run there" in done.stderr
    attempts = [attempt for found in sweeps.known().values() for attempt in found.attempts]
    assert {one.provenance["ray_node"] for one in attempts if one.failure} == {sick}
    assert {found.result.provenance["ray_node"] for found in sweeps.known().values()} == {healthy}

"""A command with the address of a dashboard: what is asked of the cluster, and what becomes of its answer."""

import json
from pathlib import Path

import pytest

from sweep.cli import on_cluster
from sweep.commands import SPEC_FILE
from sweep.jobs import ANSWER, BEGIN, Ended, Request
from tests.commands import Command

ADDRESS = "http://127.0.0.1:8265"


class Answering:
    """A cluster whose jobs answer `[1]` and end with code 3; `asked` are the jobs' sweeps, requests and specs."""

    def __init__(self, address: str) -> None:
        self.address = address

    asked: list[tuple[str, Request, str | None]] = []  # noqa: RUF012

    def forget_answered(self) -> None: ...

    def store_of(self, sweep: str) -> str:
        return "/runs"

    def start(self, sweep: str, request: Request, spec: str | None) -> str:
        self.asked.append((sweep, request, spec))
        return "job"

    def ended(self, job: str) -> Ended:
        return Ended(False, 3, "")

    def log(self, job: str) -> str:
        return f"{BEGIN}head\nsaid\n{ANSWER}{json.dumps('[1]')}\n"


@pytest.mark.parametrize(
    ("words", "arguments", "said_spec"),
    [
        ("status demo --json", ("status", "demo", "--json", "--store", "/runs"), ()),
        ("failures demo --store /there", ("failures", "demo", "--store", "/there"), ()),
        ("show demo mlp", ("show", "demo", "mlp", "--store", "/runs"), ()),
        (
            "plan demo --set grid.seed=[0] --gpus-per-trial 0.5",
            ("plan", SPEC_FILE, "--gpus-per-trial", "0.5", "--store", "/runs"),
            ("demo", "--set", "grid.seed=[0]"),
        ),
    ],
)
def test_the_options_given_are_asked_of_the_cluster_and_its_answer_is_the_commands(
    run_here: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: str,
    arguments: tuple[str, ...],
    said_spec: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(on_cluster, "JobClient", Answering)
    monkeypatch.setattr(Answering, "asked", [])
    done = run_here(*words.split(), "--address", ADDRESS)
    assert (done.returncode, done.stdout, done.stderr) == (3, "[1]", "said\n")
    ((sweep, request, spec),) = Answering.asked
    assert (sweep, request.arguments, request.said_spec) == ("demo", arguments, said_spec)
    assert (spec is not None) == bool(said_spec)

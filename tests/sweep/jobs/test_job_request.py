"""What goes to a cluster's head, comes back from it, and how commands are said there."""

import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from sweep.cli import options
from sweep.cli.passed_options import passed_options
from sweep.commands import CLIENT, DEFAULT_STORE, SPEC_FILE, command_line, for_client
from sweep.errors import ClusterUnusable, UsageError
from sweep.jobs import ANSWER, BEGIN, JobClient, JobLog, Request
from sweep.store import Store
from sweep.system.provenance import differences
from sweep.timing import JobTiming

ADDRESS = "http://127.0.0.1:8265"
REQUEST = Request(
    ("run", SPEC_FILE, "--store", "/a b/'c'", "--retry", "$HOME"), ADDRESS, ("x.yaml", "--set", "a=[1, 2]"), {"K": "v"}
)


def test_a_request_survives_the_shell() -> None:
    command = ["sh", "-c", REQUEST.entrypoint().replace("exec python3 -m sweep.cli.job", "printf %s")]
    assert Request.parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout) == REQUEST
    assert (REQUEST.option("--store"), REQUEST.option("--data-dir")) == ("/a b/'c'", None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resume", "demo"), f"sweep resume demo --address {ADDRESS}"),
        (("stop", "demo", "--now"), f"sweep stop demo --now --address {ADDRESS}"),
        (("run", SPEC_FILE, "--set", "b=1"), f"sweep submit x.yaml --set 'a=[1, 2]' --set b=1 --address {ADDRESS}"),
        (("run", "/kept/spec.yaml", "--point", "p"), "sweep run /kept/spec.yaml --point p --address auto"),
    ],
)
def test_in_a_job_commands_are_said_as_its_client_would_say_them(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"--address {ADDRESS}" not in command_line(*words, address="auto")
    monkeypatch.setenv(CLIENT, REQUEST.client_setting()[CLIENT])
    assert command_line(*words, address="auto") == said


def test_elsewhere_commands_are_said_as_they_are() -> None:
    assert for_client(("stop", "demo"), {"store": "x"}) == (["stop", "demo"], {"store": "x"})


PRINTED = "[1,\n 2]"
LOG = f"""Runtime env is setting up.
Running entrypoint for job x: python3 ...
{BEGIN}head: ray 2.60.0
asked it to stop
{ANSWER}{json.dumps(PRINTED)}
last words"""


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_talk_and_answer_are_told_apart_however_the_log_is_cut(size: int) -> None:
    said: list[str] = []
    printed = JobLog(said.append)
    for start in range(0, len(LOG), size):
        printed.take(LOG[start : start + size])
    printed.end()
    assert printed.has_begun
    assert said == ["asked it to stop", "last words"]
    assert json.loads(printed.answer) == [1, 2]
    assert len(printed.preparations) == 2


@pytest.mark.parametrize("seen", range(0, len(LOG), 5))
def test_a_log_read_again_is_taken_once(seen: int) -> None:
    said: list[str] = []
    printed = JobLog(said.append)
    printed.take(LOG[:seen])
    take = printed.again()
    for start in range(0, len(LOG), 11):
        take(LOG[start : start + 11])
    printed.end()
    assert said == ["asked it to stop", "last words"]


def passed(*words: str, **environment: str) -> list[str]:
    """The words of a command with an argument and every kind of option."""
    app, found = typer.Typer(), []

    @app.command()
    def command(
        context: typer.Context,
        sweep: options.Sweep,
        store: options.StoreOption = DEFAULT_STORE,
        data_dir: options.DataDir = None,
        tracking_uri: options.TrackingUri = None,
        settings: options.SpecSettings = None,
        gpus_per_trial: options.GpusPerTrial = None,
        as_json: options.Json = False,
    ) -> None:
        found.extend(passed_options(context))

    result = CliRunner().invoke(app, list(words), env=environment)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return found


def test_only_what_was_given_is_said_again() -> None:
    words = ["demo", "--store", "/runs", "--set", "a=[1]", "--set", "b=2", "--gpus-per-trial", "0.5", "--json"]
    assert passed(*words, SWEEP_DATA_DIR="/elsewhere", MLFLOW_TRACKING_URI="sqlite:///x") == words
    assert passed("demo", SWEEP_STORE="/elsewhere") == ["demo"]


@pytest.mark.parametrize("option", ["--store", "--data-dir"])
def test_a_place_must_mean_the_same_everywhere(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} runs: on a cluster this is an absolute path"):
        passed("demo", option, "runs")


def test_a_password_is_not_sent_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="carries a login") as caught:
        passed("demo", "--tracking-uri", "http://me:secret@host/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("store", ["s3://b/p?secret_key=HUSH", "s3://HUSH@b/p", "ftp://HUSH/p"])
def test_a_store_that_cannot_be_is_not_sent_as_the_list_of_jobs_would_keep_it(store: str) -> None:
    with pytest.raises(UsageError) as caught:
        passed("demo", "--store", store)
    assert "HUSH" not in str(caught.value)


def listed(*jobs: tuple[str, str | None, int | None]) -> JobClient:
    """A cluster whose jobs, one after another, had this command, named this store, and ended with this code."""
    cluster = JobClient.__new__(JobClient)
    found = [
        SimpleNamespace(
            start_time=start,
            driver_exit_code=code,
            metadata={"sweep": "demo", "command": command} | ({"store": store} if store else {}),
        )
        for start, (command, store, code) in enumerate(jobs, 1)
    ]
    cluster._client = SimpleNamespace(list_jobs=lambda: [SimpleNamespace(start_time=9, metadata=None), *found[::-1]])
    return cluster


def test_the_store_is_that_of_the_newest_run_that_was_not_refused() -> None:
    assert listed(("run", "/a", 0), ("resume", "/b", None)).store_of("demo") == "/b"
    assert listed(("run", "/a", 3), ("run", "ftp://b", 2), ("status", "/typo", None)).store_of("demo") == "/a"
    assert listed(("run", "/a", 0), ("run", None, 0)).store_of("demo") is None
    assert listed(("run", "/a", 0)).store_of("other") is None
    assert listed(("plan", "/a", 0)).store_of("demo") is None


def test_only_what_differs_is_said() -> None:
    assert differences({"ray": "1", "keras": "3", "jax": "1"}, {"ray": "2", "keras": "3"}) == "ray 1 -> 2"
    assert differences({"ray": "1"}, {"ray": "1"}) == ""


def test_a_port_that_takes_calls_and_never_answers_is_given_up_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ClusterUnusable, match=f"no Ray cluster answers at {address} within"):
            JobClient(address, JobTiming(answer_seconds=0.2))


def run_job(request: Request, folder: Path) -> "subprocess.CompletedProcess[str]":
    """The request run as its job would be, without Ray."""
    command = [sys.executable, "-m", "sweep.cli.job", shlex.split(request.entrypoint())[-1]]
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_job_without_a_store_ends_before_anything_else(tmp_path: Path) -> None:
    done = run_job(Request(("status", "demo"), ADDRESS), tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(BEGIN)
    assert "no --store is given, and SWEEP_STORE is not set on " in done.stderr
    assert (done.stdout, list(tmp_path.iterdir())) == ("", [])


def test_a_job_says_where_its_code_differs_and_answers_in_one_line(tmp_path: Path) -> None:
    Store(tmp_path).save_spec("one", "name: one\nfixed: {epochs: 4, width: 8}\n")
    request = Request(("status", "one", "--store", str(tmp_path), "--json"), ADDRESS, code={"ray": "0.1"})
    done = run_job(request, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the cluster computes with its own code, not the client's: ray 0.1 -> " in done.stderr
    printed = JobLog(print)
    printed.take(done.stderr + done.stdout)
    assert done.stdout.count("\n") == 1
    assert json.loads(printed.answer)["points"]["missing"] == 1

"""Options and output shared by the commands: data goes to stdout as tables or JSON, talk to stderr."""

import hashlib
import json
import logging
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from sweep.address import BucketAddress, StoreAddress, absolute
from sweep.credentials import without_login
from sweep.errors import UsageError
from sweep.job_request import as_said
from sweep.spec import Resources
from sweep.spec_document import in_words

talk = Console(stderr=True, markup=False, highlight=False)
"""Where commands talk: brackets in what users typed are text, not markup."""

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A preset's name or the path of a YAML file.")]
Sweep = Annotated[str, typer.Argument(metavar="SWEEP", help="The name of a sweep in the store.")]
Store = Annotated[
    str,
    typer.Option("--store", envvar="SWEEP_STORE", help="Folder of the results, or s3://BUCKET/PREFIX, gs://..."),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        callback=without_login,
        help="MLflow; by default SQLite in the store, for one in a bucket in your home.",
    ),
]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", envvar="SWEEP_DATA_DIR", help="Folder that holds mnist/*-ubyte.gz.")
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=YAML", help="Change the spec, as in grid.width=[50].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Retry = Annotated[
    str | None,
    typer.Option(
        "--retry",
        metavar="KIND,...",
        help="Run failed points again: infra, resource, numeric, code, all, or a cause as `sweep failures` names it.",
    ),
]


def _of_a_trial(parameter: typer.CallbackParam, value: float | None) -> float | None:
    try:
        if value is not None:
            Resources(**{str(parameter.name).removesuffix("_per_trial"): value})
    except ValidationError as error:
        raise typer.BadParameter(in_words(error.errors()[0])) from error
    return value


GpusPerTrial = Annotated[
    float | None, typer.Option(callback=_of_a_trial, help="GPUs of a trial; 0.25 puts four on one.")
]
CpusPerTrial = Annotated[float | None, typer.Option(callback=_of_a_trial, help="CPUs of a trial.")]
MaxConcurrent = Annotated[int | None, typer.Option(min=1, help="Trials at a time, at most.")]
Address = Annotated[
    str | None, typer.Option(help="Ray cluster, as HOST:PORT or auto; by default one of its own on this machine.")
]
Dashboard = Annotated[
    str | None,
    typer.Option("--address", metavar="URL", help="Dashboard of the Ray cluster to do it on: http://127.0.0.1:8265."),
]
AcceptCodeChange = Annotated[
    bool,
    typer.Option("--accept-code-change", help="Go on although points of the sweep were computed by other code."),
]

DEFAULT_STORE = "runs"


def default_tracking_uri(store: StoreAddress) -> str:
    """The SQLite database in the store; of one in a bucket, which cannot hold it, in a folder of this user and host.

    Raises:
        UsageError: when its path cannot stand in an address of SQLite.
    """
    place = absolute(store)
    folder = place if isinstance(place, Path) else _user_folder() / _name_of(place)
    for letter in "?%":
        if letter in str(folder):
            raise UsageError(
                f"{folder}: '{letter}' cannot stand in the path of a store\n"
                "  next: choose another folder with --store, or give --tracking-uri"
            )
    return f"sqlite:///{folder / 'mlflow.db'}"


def _user_folder() -> Path:
    """Where programs keep data of this user, by the XDG base directory specification."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mi-sweep"


def _name_of(bucket: BucketAddress) -> str:
    """A name that no other bucket and prefix has; the service's options do not count."""
    digest = hashlib.sha256(bucket.of().encode()).hexdigest()[:8]
    return f"{bucket.key().replace('/', '-')[:80]}-{digest}"


def given_resources(gpus_per_trial: float | None, cpus_per_trial: float | None) -> dict[str, float]:
    """The resources of a trial that were given on the command line."""
    given = {"gpus": gpus_per_trial, "cpus": cpus_per_trial}
    return {name: value for name, value in given.items() if value is not None}


def command_line(*words: str, **values: object) -> str:
    """A `sweep` command to paste: the words, and an option for every value that is not its default."""
    said, values = as_said(words, values)
    given = {name: str(value) for name, value in values.items() if value is not None}
    given = {name: value for name, value in given.items() if (name, value) != ("store", DEFAULT_STORE)}
    parts = ["sweep", *said]
    for name, value in given.items():
        parts += [f"--{name.replace('_', '-')}", value]
    return shlex.join(parts)


def print_json(value: Any) -> None:
    """The value on stdout, for scripts."""
    print(json.dumps(value, indent=1, default=str))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout: drawn on a terminal, else full-width plain columns."""
    console = Console()
    table = Table(*head, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    if not console.is_terminal:
        console = Console(width=10_000)
    console.print(table, highlight=False, markup=False, soft_wrap=not console.is_terminal)
    console.print()


def settle_mlflow() -> None:
    """Bound MLflow's waits and its talk; to be called before mlflow is imported."""
    settings = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # its own defaults block for minutes on a dead server
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
        "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a busy server may ask for an hour
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",  # it announces every table of a new database
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # every retry would be a warning

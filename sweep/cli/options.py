"""Options and output shared by the commands: data goes to stdout as tables or JSON, talk to stderr."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from sweep.spec import Resources, in_words
from sweep.tracking.settings import without_login

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


def given_resources(gpus_per_trial: float | None, cpus_per_trial: float | None) -> dict[str, float]:
    """The resources of a trial that were given on the command line."""
    given = {"gpus": gpus_per_trial, "cpus": cpus_per_trial}
    return {name: value for name, value in given.items() if value is not None}

"""The options of the commands, as Typer takes them; related options are one frozen value."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from sweep.cli.completion import point_ids, preset_names, sweep_names
from sweep.commands import DEFAULT_STORE
from sweep.errors import UsageError
from sweep.spec import Resources, SweepSpec, in_words
from sweep.system.paths import with_home
from sweep.tracking.settings import default_tracking_uri, tracking_address


def home(path: Path | None) -> Path | None:
    """The path with the home folder in place of `~`."""
    return path and with_home(path)


Spec = Annotated[
    str,
    typer.Argument(metavar="SPEC", autocompletion=preset_names, help="A preset's name or the path of a YAML file."),
]
_SWEEP = typer.Argument(metavar="SWEEP", autocompletion=sweep_names, help="The name of a sweep in the store.")
Sweep = Annotated[str, _SWEEP]
SweepIfAny = Annotated[str | None, _SWEEP]
StoreOption = Annotated[
    str,
    typer.Option("--store", envvar="SWEEP_STORE", help="Folder of the results, or s3://BUCKET/PREFIX, gs://..."),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        callback=tracking_address,
        help="MLflow; by default SQLite in the store, for one in a bucket in your home.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="SWEEP_DATA_DIR", callback=home, help="Folder that holds mnist/*-ubyte.gz."),
]
SpecSettings = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=YAML", help="Change the spec, as in grid.width=[50].")
]
WithoutEffect = Annotated[str | None, typer.Option(hidden=True)]
"""An option that all commands take, for one that does nothing with it: not in its help."""
PathWithoutEffect = Annotated[Path | None, typer.Option(hidden=True)]

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


Points = Annotated[
    list[str] | None,
    typer.Option("--point", autocompletion=point_ids, help="Only this point of the spec; may be repeated."),
]


@dataclass(frozen=True)
class Accepted:
    """The options that every command takes, for one that does nothing with them."""

    store: WithoutEffect = DEFAULT_STORE
    tracking_uri: WithoutEffect = None
    data_dir: PathWithoutEffect = None


@dataclass(frozen=True)
class Stored(Accepted):
    """These options for a command that reads the store alone."""

    store: StoreOption = DEFAULT_STORE


@dataclass(frozen=True)
class Tracked(Stored):
    """These options for a command that reads the store and MLflow."""

    tracking_uri: TrackingUri = None

    @property
    def tracker(self) -> str:
        """Address of MLflow: as given, else the default one of the store."""
        return self.tracking_uri or default_tracking_uri(self.store)


@dataclass(frozen=True)
class Shared(Tracked):
    """These options for a command that reads store, MLflow and data."""

    data_dir: DataDir = None


@dataclass(frozen=True)
class Trials:
    """The options of a command that runs trials, or plans or checks their resources."""

    gpus_per_trial: GpusPerTrial = None
    cpus_per_trial: CpusPerTrial = None
    max_concurrent: MaxConcurrent = None

    def applied_to(self, spec: SweepSpec) -> SweepSpec:
        """The spec, with the resources of a trial that were given."""
        resources = {"gpus": self.gpus_per_trial, "cpus": self.cpus_per_trial}
        return spec.with_resources({name: value for name, value in resources.items() if value is not None})


@dataclass(frozen=True)
class Running:
    """The options of a command that runs a sweep from this process."""

    address: Address = None
    retry: Retry = None
    accept_code_change: AcceptCodeChange = False


@dataclass(frozen=True)
class OnCluster:
    """The options of a command that a cluster can answer: the address of its dashboard, and the command itself."""

    context: typer.Context
    address: Dashboard = None


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """The command for Typer: every parameter whose type is a dataclass becomes one option for each of its fields."""
    own = inspect.signature(command).parameters
    groups: dict[str, Any] = {
        name: parameter.annotation for name, parameter in own.items() if is_dataclass(parameter.annotation)
    }
    parameters: list[inspect.Parameter] = []
    for name, parameter in own.items():
        parameters += _of_fields(groups[name]) if name in groups else [parameter.replace(kind=parameter.KEYWORD_ONLY)]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        for name, kind in groups.items():
            values[name] = kind(**{field.name: values.pop(field.name) for field in fields(kind)})
        command(**values)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return run


def _of_fields(kind: Any) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=field.type,
        )
        for field in fields(kind)
    ]


def retry_kinds(text: str | None) -> tuple[str, ...]:
    """The kinds of failure, and digests of causes, named in a comma-separated list; `all` names every kind."""
    from sweep.failures import DIGEST, KINDS

    kinds = tuple(kind.strip() for kind in (text or "").split(",") if kind.strip())
    for kind in kinds:
        if kind not in (*KINDS, "all") and not DIGEST.fullmatch(kind):
            raise UsageError(
                f"--retry {kind}: unknown kind of failure; allowed are {', '.join(KINDS)}, all, "
                "or a cause as `sweep failures` names it",
                next="the same with --retry all",
            )
    return KINDS if "all" in kinds else kinds

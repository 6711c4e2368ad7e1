"""The command `doctor`: whether this machine, its disks, data, tracker and cluster are fit for a sweep."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, get_args

import typer

from sweep.cli import doctor_checks, options
from sweep.cli.doctor_checks import NOT_FIT, Finding
from sweep.commands import DEFAULT_STORE
from sweep.console import print_json, print_table
from sweep.errors import ClusterUnusable, StorageFault, SweepError, UsageError
from sweep.planning import plan
from sweep.progress import Watch
from sweep.spec import SweepSpec, trials_at_a_time
from sweep.storage import parsed
from sweep.store import Store, load
from sweep.system import machine
from sweep.tracking.settings import default_tracking_uri
from trainables.config import DatasetName, TrialConfig

OptionalSpec = Annotated[
    str | None, typer.Argument(metavar="[SPEC]", help="A preset's name or a YAML file; by default the demo.")
]
ORDER: tuple[type[SweepError], ...] = (UsageError, StorageFault, ClusterUnusable)


def doctor(
    spec: OptionalSpec = None,
    settings: options.Settings = None,
    store: options.Store = DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
    data_dir: options.DataDir = None,
    gpus_per_trial: options.GpusPerTrial = None,
    cpus_per_trial: options.CpusPerTrial = None,
    max_concurrent: options.MaxConcurrent = None,
    address: options.Address = None,
    as_json: options.Json = False,
) -> None:
    """Look whether everything is fit for a sweep: accelerators, memory, disk, store, data, tracker, Ray, threads."""
    wanted = load(spec or "demo", settings or [])
    wanted = wanted.with_resources(options.given_resources(gpus_per_trial, cpus_per_trial))
    names: set[DatasetName] = {point.dataset for point in wanted.points} if spec else set(get_args(DatasetName))
    uri = tracking_uri or default_tracking_uri(store)
    address = address or os.environ.get("RAY_ADDRESS")
    found = examine(wanted, sorted(names), bool(spec), store, uri, data_dir, max_concurrent, address)
    if as_json:
        fields = ("name", "verdict", "found", "remedy")
        print_json([{name: getattr(one, name) for name in fields} for one in found])
    else:
        rows = [[one.name, one.verdict, one.found + (f"; {one.remedy}" if one.remedy else "")] for one in found]
        print_table(["", "", "found"], rows)
    conclude(found)


def examine(
    wanted: SweepSpec,
    names: Iterable[DatasetName],
    is_named: bool,
    store: str,
    tracking_uri: str,
    data_dir: Path | None,
    max_concurrent: int | None,
    address: str | None,
) -> list[Finding]:
    """Every finding for the points of a spec that the store does not hold yet; missing data only warns if not named."""
    at_a_time = trials_at_a_time(wanted.resources, machine.cpus(), len(machine.gpus()), max_concurrent)
    names, in_file = list(names), tracking_uri.removeprefix("sqlite:///")
    database = Path(in_file) if in_file != tracking_uri else None
    data = [doctor_checks.data(name, data_dir, is_named) for name in names]
    return [
        doctor_checks.accelerators(wanted.resources),
        doctor_checks.memory(max(1, at_a_time), names if is_named else ()),
        doctor_checks.disk(_to_run(wanted, store), max(1, at_a_time), parsed(store), database),
        doctor_checks.store_commits(parsed(store)),
        *data,
        doctor_checks.tracker(tracking_uri),
        doctor_checks.cluster(address, wanted.resources),
        doctor_checks.threads(wanted.resources, max(1, at_a_time)),
    ]


def conclude(found: Iterable[Finding]) -> None:
    """Nothing when fit.

    Raises:
        SweepError: one of them for all that is not fit, with the exit code of what would come first in a run.
    """
    unfit = [one for one in found if one.verdict == NOT_FIT]
    if not unfit:
        return
    kind = min((one.error for one in unfit), key=ORDER.index)
    said = "\n".join(f"  {one.name}: {one.found}\n    next: {one.remedy}" for one in unfit)
    raise kind(f"not fit for a sweep:\n{said}")


def _to_run(wanted: SweepSpec, store: str) -> tuple[TrialConfig, ...]:
    """The points without a result; all of them when the store does not answer, which is a finding of its own."""
    try:
        return plan(wanted.points, Watch(Store(store), wanted.name, wanted.points).known()).to_run
    except StorageFault:
        return wanted.points

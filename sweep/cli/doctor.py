"""The command `doctor`: checks whether this machine, its disks, data, tracker and cluster are fit for a sweep."""

from collections.abc import Iterable
from typing import Annotated, get_args

import typer

from sweep.cli import doctor_checks, options
from sweep.cli.completion import preset_names
from sweep.cli.doctor_checks import NOT_FIT, CheckResult
from sweep.console import print_json, print_table
from sweep.errors import ClusterUnusable, StorageFault, SweepError, UsageError
from sweep.planning import plan
from sweep.progress import Watch
from sweep.spec import SweepSpec, trials_at_a_time
from sweep.storage import place_of
from sweep.store import Store, load
from sweep.system import machine
from sweep.tracking.settings import database_file
from trainables.config import DatasetName, TrialConfig

OptionalSpec = Annotated[
    str | None,
    typer.Argument(
        metavar="[SPEC]", autocompletion=preset_names, help="A preset's name or a YAML file; by default the demo."
    ),
]
FIELDS = ("name", "verdict", "found", "remedy")
ORDER: tuple[type[SweepError], ...] = (UsageError, StorageFault, ClusterUnusable)


def doctor(
    shared: options.Shared,
    trials: options.Trials,
    source: OptionalSpec = None,
    settings: options.SpecSettings = None,
    address: options.Address = None,
    as_json: options.Json = False,
) -> None:
    """Look whether everything is fit for a sweep: accelerators, memory, disk, store, data, tracker, Ray, threads."""
    spec = trials.applied_to(load(source or "demo", settings or []))
    findings = examine(spec, source is not None, shared, trials, address)
    if as_json:
        print_json([{name: getattr(finding, name) for name in FIELDS} for finding in findings])
    else:
        rows = [
            [finding.name, finding.verdict, finding.found + (f"; {finding.remedy}" if finding.remedy else "")]
            for finding in findings
        ]
        print_table(["", "", "found"], rows)
    conclude(findings)


def examine(
    spec: SweepSpec, is_named: bool, shared: options.Shared, trials: options.Trials, address: str | None
) -> list[CheckResult]:
    """The results of all checks, for the points of a spec that the store does not hold yet.

    If the user named no spec, every data set is checked, and a missing one is only a warning.
    """
    at_a_time = trials_at_a_time(spec.resources, machine.cpus(), len(machine.gpus()), trials.max_concurrent)
    names: list[DatasetName] = sorted({point.dataset for point in spec.points} if is_named else get_args(DatasetName))
    store, tracker = place_of(shared.store), shared.tracker
    database = database_file(tracker)
    return [
        doctor_checks.accelerators(spec.resources),
        doctor_checks.memory(max(1, at_a_time), names if is_named else ()),
        doctor_checks.disk(_to_run(spec, shared.store), max(1, at_a_time), store, database),
        doctor_checks.store_commits(store),
        *(doctor_checks.data(name, shared.data_dir, is_named) for name in names),
        doctor_checks.tracker(tracker),
        doctor_checks.backend(is_here=address is None),
        doctor_checks.cluster(address, spec.resources),
        doctor_checks.threads(spec.resources, max(1, at_a_time)),
        *([] if address else [doctor_checks.priority()]),
    ]


def conclude(findings: Iterable[CheckResult]) -> None:
    """Return if everything is fit.

    Raises:
        SweepError: one error for everything that is not fit, with the exit code of the check that comes first in a run.
    """
    unfit = [finding for finding in findings if finding.verdict == NOT_FIT]
    if not unfit:
        return
    kind = min((finding.error for finding in unfit), key=ORDER.index)
    reasons = "\n".join(f"  {finding.name}: {finding.found}\n    next: {finding.remedy}" for finding in unfit)
    raise kind(f"not fit for a sweep:\n{reasons}")


def _to_run(spec: SweepSpec, store: str) -> tuple[TrialConfig, ...]:
    """The points without a result; all points when the store does not answer, which another check reports."""
    try:
        return plan(spec.points, Watch(Store(store), spec.name, spec.points).states()).to_run
    except StorageFault:
        return spec.points

"""The command `plan`: what a run would do and cost, and what changed since the last one."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster_if_asked
from sweep.commands import command_line, is_on_a_cluster
from sweep.console import print_json, print_table, say, warn
from sweep.errors import UsageError
from sweep.failures import in_short
from sweep.planning import (
    CodeChange,
    Fit,
    Plan,
    SpecChange,
    accelerator_hours,
    code_change,
    commit,
    disk_space,
    fit,
    last_change,
    priced,
)
from sweep.progress import Watch
from sweep.spec import SweepSpec, trials_at_a_time
from sweep.store import State, Store, load
from sweep.system import machine, provenance
from sweep.system.backend import check_backend
from sweep.text import counted, duration

INTERRUPTED_SHOWN = 8
CAUSE_LENGTH = 120


def plan(
    source: options.Spec,
    shared: options.Shared,
    trials: options.Trials,
    cluster: options.OnCluster,
    settings: options.SpecSettings = None,
    retry: options.Retry = None,
    as_json: options.Json = False,
) -> None:
    """Show what a run would do and cost, and what changed since the last one."""
    run_on_cluster_if_asked(cluster)
    spec = trials.applied_to(load(source, settings or []))
    store = Store(shared.store)
    states = Watch(store, spec.name, spec.points).states()
    todo = priced(spec, store, states, options.retry_kinds(retry))
    now = provenance.current()
    change, code = last_change(spec, store), code_change(spec.points, states, now)
    gpus = [] if is_on_a_cluster() else machine.gpus()
    at_a_time = _at_a_time(spec, len(gpus), trials.max_concurrent)
    room = fit(todo.to_run, spec.resources, gpus, trials.max_concurrent)
    if as_json:
        print_json(_as_json(spec, todo, change, code, now, at_a_time, room))
        return
    print_table([f"sweep {spec.name}", ""], _rows(spec, todo, now, at_a_time, room))
    for line in [*(change.in_words() if change else []), *code.in_words()]:
        print(line)
    if mixes := code.concerns(todo.to_run):
        warn("run refuses to mix them without --accept-code-change")
    for warning in room.warnings if room else ():
        warn(warning)
    if todo.left_failed:
        warn(f"left alone: {counted(len(todo.left_failed), 'failed point')}; --retry all runs what failed again")
    if todo.running:
        say(f"a driver is running it, next: {command_line('status', spec.name, '--watch', store=shared.store)}")
    elif todo.to_run:
        _warn_of_backend()
        passed = asdict(shared) | asdict(trials) | {"retry": retry}
        if room and room.warnings and room.enough:
            passed["gpus_per_trial"] = room.enough
        _say_next(source, settings or [], todo, passed, mixes=mixes)


def _warn_of_backend() -> None:
    try:
        check_backend(is_here=not is_on_a_cluster())
    except UsageError as error:
        warn(f"run refuses this: {error}")


def _at_a_time(spec: SweepSpec, gpus: int, max_concurrent: int | None) -> int | None:
    """How many trials run at a time; None where it is unknown, or not even one fits."""
    if is_on_a_cluster():
        return max_concurrent
    return trials_at_a_time(spec.resources, machine.cpus(), gpus, max_concurrent) or None


def _rows(
    spec: SweepSpec, todo: Plan, now: Mapping[str, Any], at_a_time: int | None, room: Fit | None
) -> list[list[str]]:
    rows = [["points", str(len(spec.points))]]
    for state in State:
        if count := todo.count(state):
            rows += [[f"  {state}", str(count)], *_details(state, todo)]
    if todo.running:
        rows += [["  running", str(len(todo.running))]]
    rows += [["to run", str(len(todo.to_run))]]
    if todo.from_states:
        rows += [["  from kept states", f"{len(todo.from_states):,}, measured without training"]]
    rows += [["epochs to run", f"{todo.epochs_to_run:,}"]]
    if kept := disk_space.kept_bytes(todo.to_run, spec.keep):
        rows += [["kept states", f"{kept / 1e6:,.1f} MB at most, of {counted(len(todo.to_run), 'point')}"]]
    if todo.to_run:
        rows += _cost_rows(spec, todo, at_a_time)
    if room:
        is_nowhere = room.may_take is None and not is_on_a_cluster()
        rows += [["GPU memory", "no GPU here: trials will use CPUs" if is_nowhere else room.in_words]]
    return [*rows, ["code", f"{commit(now)}, trainables {now['code_sha256'][:12]}"]]


def _details(state: State, todo: Plan) -> list[list[str]]:
    if state is State.FAILED:
        return [[f"    {len(group.points)}", in_short(group)[:CAUSE_LENGTH]] for group in todo.failed]
    if state is State.INTERRUPTED:
        epochs = {point.point_id: point.epochs for point in todo.to_run}
        rows = [
            [f"    {point_id}", f"at epoch {epoch}" + (f" of {epochs[point_id]}" if point_id in epochs else "")]
            for point_id, epoch in islice(todo.interrupted.items(), INTERRUPTED_SHOWN)
        ]
        more = len(todo.interrupted) - len(rows)
        return [*rows, *([[f"    and {more} more", ""]] if more else [])]
    return []


def _cost_rows(spec: SweepSpec, todo: Plan, at_a_time: int | None) -> list[list[str]]:
    if todo.uncalibrated:
        calibrated = f", besides {duration(todo.known_seconds)} of the others" if todo.known_seconds else ""
        text = f"unknown: {todo.uncalibrated} of the points to run have no finished one of like shape{calibrated}"
        return [["trial time", text]]
    unit, hours = accelerator_hours(spec, todo)
    basis = f"as {counted(todo.measured_points, 'finished point')} of like shape took on {', '.join(todo.measured_on)}"
    rows = [["trial time", f"{duration(todo.seconds)}, {basis}"], ["cost", f"{hours:.3g} {unit}-hours"]]
    return [*rows, ["wall time", _wall_time(todo, at_a_time)]]


def _wall_time(todo: Plan, at_a_time: int | None) -> str:
    if at_a_time:
        where = "if the cluster holds" if is_on_a_cluster() else "on this machine,"
        return f"{duration(todo.wall_seconds(at_a_time))} {where} {at_a_time} at a time"
    if is_on_a_cluster():
        return "unknown: how many run at a time depends on the cluster's nodes; with --max-concurrent N it is known"
    return "unknown: not even one trial fits on this machine"


def _as_json(
    spec: SweepSpec,
    todo: Plan,
    change: SpecChange | None,
    code: CodeChange,
    now: Mapping[str, Any],
    at_a_time: int | None,
    room: Fit | None,
) -> dict[str, object]:
    unit, hours = accelerator_hours(spec, todo)
    return {
        "sweep": spec.name,
        "points_total": len(spec.points),
        "points": {str(state): todo.count(state) for state in State} | {"running": len(todo.running)},
        "to_run": [point.point_id for point in todo.to_run],
        "from_states": sorted(todo.from_states),
        "kept_bytes": disk_space.kept_bytes(todo.to_run, spec.keep),
        "left_failed": [point.point_id for point in todo.left_failed],
        "failed": [{"points": group.points, **vars(group.cause)} for group in todo.failed],
        "interrupted": dict(todo.interrupted),
        "epochs_to_run": todo.epochs_to_run,
        "trial_seconds": todo.seconds,
        "trial_seconds_known": todo.known_seconds,
        "points_of_unknown_cost": todo.uncalibrated,
        "measured_points": todo.measured_points,
        "measured_on": list(todo.measured_on),
        f"{unit.lower()}_hours": hours,
        "trials_at_a_time": at_a_time,
        "wall_seconds": todo.wall_seconds(at_a_time),
        "trial_gpu_bytes": room.needs if room else None,
        "trial_gpu_bytes_allowed": room.may_take if room else None,
        "points_too_large": room.too_large if room else 0,
        "point_gpu_bytes": dict(room.each) if room else {},
        "gpu_bytes_at_least": room.gpu_at_least if room else None,
        "gpu_is_crowded": bool(room and room.crowd),
        "gpus_per_trial_enough": room.enough if room else None,
        "spec_change": vars(change) if change else None,
        "code_change": vars(code) if code else None,
        "code": {name: now[name] for name in ("code_sha256", "git_commit", "git_dirty", "git_diff_sha256")},
    }


def _say_next(source: str, settings: list[str], todo: Plan, passed: Mapping[str, object], mixes: bool) -> None:
    change = [word for setting in settings for word in ("--set", setting)]
    if todo.seconds is None:
        missing = zip(todo.to_run, todo.point_seconds, strict=True)
        seed = min(point.seed for point, seconds in missing if seconds is None)
        change += ["--set", f"grid.seed=[{seed}]"]
    change += ["--accept-code-change"] if mixes else []
    why = "to learn the cost from one seed" if todo.seconds is None else "to run them"
    why += ", mixed with points of other code" if mixes else ""
    passed = {name: f"{value:g}" if isinstance(value, float) else value for name, value in passed.items()}
    say(f"next, {why}: {command_line('run', source, *change, **passed)}")

"""Messages and checks before a run starts: changes of spec and code, damage, other drivers, GPU memory, disk space."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from sweep.cluster.share import Share
from sweep.console import say, warn
from sweep.errors import UsageError
from sweep.planning import Plan, code_change, disk_space, fit, last_change
from sweep.spec import SweepSpec, trials_at_a_time
from sweep.store import PointState, Store, holder, others_last, running_elsewhere
from sweep.system import machine, provenance
from sweep.system.machine import Gpu
from sweep.text import counted
from sweep.tracking.settings import database_file
from trainables.config import TrialConfig


def announcement(sweep: str, todo: Plan) -> str:
    """The plan in one line: `demo: 32 points (30 finished, 2 interrupted), 2 to run`."""
    counts = Counter(str(state) for state in todo.states.values())
    parts = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    kept = f", {len(todo.from_states):,} of them from kept states" if todo.from_states else ""
    return f"{sweep}: {counted(len(todo.states), 'point')} ({parts}), {len(todo.to_run):,} to run{kept}"


def say_spec_change(spec: SweepSpec, store: Store, console: Console) -> None:
    """Print how the spec differs from the one last run; points that it no longer names stay in the store."""
    if change := last_change(spec, store):
        for line in change.in_words():
            warn(line, console)


def check_code(
    points: Sequence[TrialConfig], states: dict[str, PointState], todo: Plan, is_accepted: bool, console: Console
) -> None:
    """Print which of these points were computed by other code, and refuse to mix code unless it `is_accepted`.

    Raises:
        UsageError: when points to run would mix with them, and that is not accepted.
    """
    change = code_change(points, states, provenance.current())
    for line in change.in_words():
        warn(line, console)
    if change.concerns(todo.to_run) and not is_accepted:
        other_points = f"{len(change.points):,} computed by other code"
        raise UsageError(
            f"{counted(len(todo.to_run), 'point')} to run would mix with {other_points}",
            next="go back to that code, or choose another --store, or mix them knowingly: the same with "
            "--accept-code-change",
        )


def warn_of_damage(store: Store, todo: Plan, console: Console) -> None:
    """Warn of the damaged objects of the points to run."""
    for point in todo.to_run:
        if damaged := store.damaged(point):
            text = f"{point.point_id}: {', '.join(damaged)} damaged, to be put aside: it goes on from what is intact"
            warn(text, console)


def put_points_of_others_last(sweep: str, store: Store, todo: Plan, console: Console) -> Plan:
    """The plan with the points that other sweeps' drivers are running at the end, which it prints."""
    elsewhere = running_elsewhere(store, sweep, todo.to_run)
    for other, driver in dict(elsewhere.values()).items():
        count = sum(name == other for name, _ in elsewhere.values())
        say(f"{count} of them are being run by sweep {other} ({driver}): they come last", console)
    return replace(todo, to_run=others_last(todo.to_run, elsewhere))


def say_lease_wait(sweep: str, store: Store, console: Console) -> None:
    """Print that the lease of a driver on another host is watched first, if there is one."""
    lease_holder = holder(store, sweep)
    if lease_holder and not lease_holder.is_near:
        silence = store.timing.lease.silence_seconds
        warn(f"watching for {silence:.0f} s whether its driver still lives: {lease_holder}", console)


def warn_of_gpu_memory(
    spec: SweepSpec, todo: Plan, gpus: Sequence[Gpu], max_concurrent: int | None, console: Console
) -> None:
    """Warn of points that may need more than their share of the smallest of these GPUs, and of shares that crowd it."""
    if gpus and (room := fit(todo.to_run, spec.resources, gpus, max_concurrent)):
        for warning in room.warnings:
            warn(warning, console)


def check_space(spec: SweepSpec, todo: Plan, max_concurrent: int | None, tracking_uri: str, store: Store) -> None:
    """Check that there is disk space for what the run will write.

    Raises:
        StorageFault: when there is not.
    """
    at_a_time = trials_at_a_time(spec.resources, machine.cpus(), len(machine.gpus()), max_concurrent)
    database = database_file(tracking_uri)
    disk_space.check(disk_space.needs(todo.to_run, max(1, at_a_time), store.folder, database, spec.keep))


def say_share(share: Share, console: Console) -> None:
    """Print what each trial gets and how many run at a time."""
    if share.note:
        warn(share.note, console)
    gpus = f"{share.gpus:g} GPU and " if share.gpus else ""
    say(f"{share.concurrent or 'as many as fit'} at a time, {gpus}{share.cpus:g} CPU each", console)

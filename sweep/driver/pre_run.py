"""What a run says and checks before it starts: what changed, other code, damage, other drivers, GPUs, free space."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from sweep.cluster.share import Share
from sweep.errors import UsageError
from sweep.planning import Plan, code_change, disk_space, fit, last_change
from sweep.spec import SweepSpec, trials_at_a_time
from sweep.store import SILENCE_SECONDS, PointState, Store, holder, others_last, running_elsewhere
from sweep.system import machine, provenance
from sweep.system.machine import Gpu
from sweep.text import counted
from sweep.tracking.settings import database_file
from trainables.config import TrialConfig


def announcement(sweep: str, todo: Plan) -> str:
    """What a run will do, in one line: `demo: 32 points (30 finished, 2 interrupted), 2 to run`."""
    counts = Counter(str(state) for state in todo.states.values())
    parts = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    return f"{sweep}: {counted(len(todo.states), 'point')} ({parts}), {len(todo.to_run):,} to run"


def say_what_changed(spec: SweepSpec, store: Store, console: Console) -> None:
    """Compare the spec with the one last run; points no longer named stay in the store, unseen."""
    if change := last_change(spec, store):
        for line in change.in_words():
            console.print(line, style="yellow", soft_wrap=True)


def check_code(
    points: Sequence[TrialConfig], known: dict[str, PointState], todo: Plan, is_accepted: bool, console: Console
) -> None:
    """Say which of these points were computed by other code; to add to what it changed takes the explicit word.

    Raises:
        UsageError: without that word.
    """
    change = code_change(points, known, provenance.current())
    for line in change.in_words():
        console.print(line, style="yellow", soft_wrap=True)
    if change.concerns(todo.to_run) and not is_accepted:
        others = f"{len(change.points):,} computed by other code"
        raise UsageError(
            f"{counted(len(todo.to_run), 'point')} to run would mix with {others}",
            next="go back to that code, or choose another --store, or mix them knowingly: the same with "
            "--accept-code-change",
        )


def say_what_is_damaged(store: Store, todo: Plan, console: Console) -> None:
    """Name the damaged objects of the points to run."""
    for point in todo.to_run:
        if damaged := store.damaged(point):
            text = f"{point.point_id}: {', '.join(damaged)} damaged, to be put aside: it goes on from what is intact"
            console.print(text, style="yellow", soft_wrap=True)


def leave_to_others(sweep: str, store: Store, todo: Plan, console: Console) -> Plan:
    """The same plan, but points that another sweep's driver is running come last."""
    elsewhere = running_elsewhere(store, sweep, todo.to_run)
    for other, seen in dict(elsewhere.values()).items():
        count = sum(name == other for name, _ in elsewhere.values())
        console.print(f"{count} of them are being run by sweep {other} ({seen}): they come last", soft_wrap=True)
    return replace(todo, to_run=others_last(todo.to_run, elsewhere))


def say_what_is_waited_for(sweep: str, store: Store, console: Console) -> None:
    """Say that the lease of a driver on another host has to be watched first."""
    seen = holder(store, sweep)
    if seen and not seen.is_near:
        text = f"watching for {SILENCE_SECONDS:.0f} s whether its driver still lives: {seen}"
        console.print(text, style="yellow", soft_wrap=True)


def say_what_is_too_small(
    spec: SweepSpec, todo: Plan, gpus: Sequence[Gpu], max_concurrent: int | None, console: Console
) -> None:
    """Warn of points that may need more than their share of the smallest of these GPUs, and of shares that crowd it."""
    if gpus and (room := fit(todo.to_run, spec.resources, gpus, max_concurrent)):
        for said in room.warnings:
            console.print(said, style="yellow", soft_wrap=True)


def check_space(spec: SweepSpec, todo: Plan, max_concurrent: int | None, tracking_uri: str, store: Store) -> None:
    """See that what the run will write has room.

    Raises:
        StorageFault: when it has not.
    """
    at_a_time = trials_at_a_time(spec.resources, machine.cpus(), len(machine.gpus()), max_concurrent)
    database = database_file(tracking_uri)
    disk_space.check(disk_space.needs(todo.to_run, max(1, at_a_time), store.folder, database))


def say_share(share: Share, console: Console) -> None:
    """Say what each trial gets and how many run at a time."""
    if share.note:
        console.print(share.note, style="yellow", soft_wrap=True)
    gpus = f"{share.gpus:g} GPU and " if share.gpus else ""
    console.print(f"{share.concurrent or 'as many as fit'} at a time, {gpus}{share.cpus:g} CPU each")

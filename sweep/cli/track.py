"""The command `track`: bring MLflow up to date with the store."""

from sweep.cli import options
from sweep.commands import command_line
from sweep.console import say, warn
from sweep.errors import SweepError
from sweep.progress import Watch
from sweep.store import Store
from sweep.text import counted
from sweep.tracking.problems import problem


def track(sweep: options.Sweep, shared: options.Tracked) -> None:
    """Replay a sweep's store into MLflow. It can be repeated."""
    store, uri = Store(shared.store), shared.tracker
    spec = store.spec(sweep)
    from sweep.tracking.background import of_others
    from sweep.tracking.mirror import Mirror

    running = Watch(store, sweep, spec.points).status().running
    try:
        mirror = Mirror(uri, spec, store)
        repaired = mirror.replay(spec.points, running)
        mirror.reconcile(spec.points, running)
    except Exception as error:
        again = command_line("track", sweep, store=shared.store, tracking_uri=shared.tracking_uri)
        what, remedy = problem(uri, error)
        raise SweepError(what, next=f"{remedy}; then {again}") from error
    if mirror.runs_of_others:
        warn(of_others(mirror.runs_of_others, sweep, uri))
    say(f"{counted(len(spec.points), 'point')} checked, {counted(repaired, 'run')} repaired in {uri}")

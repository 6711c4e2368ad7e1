"""The command `track`: bring MLflow up to date with the store."""

from sweep.cli import options
from sweep.commands import command_line
from sweep.console import say
from sweep.errors import SweepError
from sweep.progress import Watch
from sweep.store import Store
from sweep.text import counted
from sweep.tracking.settings import LOGIN, is_refused


def track(sweep: options.Sweep, shared: options.Shared) -> None:
    """Replay a sweep's store into MLflow. It can be repeated."""
    store, uri = Store(shared.store), shared.tracker
    spec = store.spec(sweep)
    from sweep.tracking.mirror import Mirror

    running = Watch(store, sweep, spec.points).status().running
    try:
        mirror = Mirror(uri, spec)
        repaired = mirror.replay(spec.points, store, running)
        mirror.reconcile(spec.points, store, running)
    except Exception as error:
        again = command_line("track", sweep, store=shared.store, tracking_uri=shared.tracking_uri)
        first = LOGIN if is_refused(error) else "check it"
        raise SweepError(f"MLflow at {uri} failed: {error}", next=f"{first}, then {again}") from error
    say(f"{counted(len(spec.points), 'point')} checked, {counted(repaired, 'run')} repaired in {uri}")

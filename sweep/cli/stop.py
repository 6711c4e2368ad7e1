"""The command `stop`: ask the driver of a sweep, wherever it runs, to stop, and wait until it has."""

import time
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster_if_asked
from sweep.commands import command_line
from sweep.console import say
from sweep.errors import UsageError
from sweep.progress import DriverState, Watch, line
from sweep.store import Holder, Store, delete_stop_request, holder, is_alive, request_stop, stop_requested
from sweep.timing import StoreTiming

POLL_SECONDS = 0.25


def stop(
    sweep: options.Sweep,
    shared: options.Stored,
    cluster: options.OnCluster,
    now: Annotated[bool, typer.Option("--now", help="At once: without new snapshots, its processes killed.")] = False,
) -> None:
    """Stop the driver of a sweep, here or on another host: in order, with snapshots, or at once."""
    run_on_cluster_if_asked(cluster)
    stop_driver(sweep, shared.store, now)


def stop_driver(sweep: str, address: str, now: bool = False, timing: StoreTiming | None = None) -> None:
    """Ask the driver of the sweep in the store at that address to stop, and wait until it has.

    Raises:
        UsageError: when the sweep has no live driver.
    """
    store = Store(address, timing)
    seen = holder(store, sweep)
    again = command_line("resume", sweep, store=address)
    if seen is None:
        store.require(sweep)
    if seen is None or not is_alive(store, sweep, seen):
        driver = DriverState("lost" if seen else "none", seen)
        raise UsageError(f"sweep '{sweep}' has no live driver to stop: {driver}", next=again)
    request_stop(store, sweep, seen.session, now)
    at_once = f"after snapshots; at once: {command_line('stop', sweep, '--now', store=address)}"
    say(f"asked it to stop {'at once' if now else at_once}: {seen}")
    _wait_until_gone(store, sweep, seen)
    say("the driver has gone")
    left = Watch(store, sweep, store.spec(sweep).points).status()
    say(line(left))
    if left.counts["missing"] + left.counts["interrupted"]:
        say(f"next: {again}")


def _wait_until_gone(store: Store, sweep: str, seen: Holder) -> None:
    """Wait until that driver no longer holds the lease, or has died; on this machine, until its process has ended."""
    while (current := holder(store, sweep)) and current.session == seen.session and is_alive(store, sweep, current):
        time.sleep(POLL_SECONDS)
    while seen.is_near and is_alive(store, sweep, seen):
        time.sleep(POLL_SECONDS)
    if stop_requested(store, sweep, seen.session):
        delete_stop_request(store, sweep)

"""The command `stop`: ask the driver of a sweep, wherever it runs, to stop, and wait until it has."""

import time
from typing import Annotated

import typer

from sweep.cli import options
from sweep.commands import DEFAULT_STORE, command_line
from sweep.console import talk
from sweep.errors import UsageError
from sweep.progress import Driver, Watch, line
from sweep.store import Holder, Store, holder, is_alive, request_stop, stop_requested

POLL_SECONDS = 0.25


def stop(
    sweep: options.Sweep,
    store: options.Store = DEFAULT_STORE,
    now: Annotated[bool, typer.Option("--now", help="At once: without new snapshots, its processes killed.")] = False,
) -> None:
    """Stop the driver of a sweep, here or on another host: in order, with snapshots, or at once."""
    opened = Store(store)
    seen = holder(opened, sweep)
    again = command_line("resume", sweep, store=store)
    if seen is None:
        opened.require(sweep)
    if seen is None or not is_alive(opened, sweep, seen):
        driver = Driver("lost" if seen else "none", seen)
        raise UsageError(f"sweep '{sweep}' has no live driver to stop: {driver}", next=again)
    request_stop(opened, sweep, seen.session, now)
    slow = f"after snapshots; at once: {command_line('stop', sweep, '--now', store=store)}"
    talk.print(f"asked it to stop {'at once' if now else slow}: {seen}", soft_wrap=True)
    _wait_until_gone(opened, sweep, seen)
    talk.print("the driver has gone")
    left = Watch(opened, sweep, opened.spec(sweep).points).status()
    talk.print(line(left), soft_wrap=True)
    if left.counts["missing"] + left.counts["interrupted"]:
        talk.print(f"next: {again}", soft_wrap=True)


def _wait_until_gone(store: Store, sweep: str, seen: Holder) -> None:
    """Wait until that driver holds the lease no more, or has died; one near by, until its process has ended."""
    while (current := holder(store, sweep)) and current.session == seen.session and is_alive(store, sweep, current):
        time.sleep(POLL_SECONDS)
    while seen.is_near and is_alive(store, sweep, seen):
        time.sleep(POLL_SECONDS)
    if stop_requested(store, sweep, seen.session):
        store.objects.delete(store.stop_name(sweep))

"""The command `status`: how far a sweep is, and whether its driver lives."""

import time
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster_if_asked
from sweep.commands import command_line
from sweep.console import print_json, print_table, say, talk
from sweep.progress import LiveView, Status, Watch, pace
from sweep.store import Store

WATCH_SECONDS = 2.0


def status(
    sweep: options.Sweep,
    shared: options.Stored,
    cluster: options.OnCluster,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it until the driver ends.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show counts, rate, time left, and whether the driver is alive or lost."""
    run_on_cluster_if_asked(cluster)
    store = Store(shared.store)
    watched = Watch(store, sweep, store.spec(sweep).points)
    current = watched.status()
    if watch:
        with LiveView(watched.status, talk):
            while current.driver.state == "alive":
                time.sleep(WATCH_SECONDS)
                current = watched.status()
    if as_json:
        print_json(current.as_json())
    else:
        _print_status(current, shared.store)


def _print_status(current: Status, store: str) -> None:
    rows = [["points", str(current.points_total)]]
    rows += [[f"  {state}", str(count)] for state, count in current.counts.items() if count]
    rows += [["epochs", f"{current.epochs_done:,} of {current.epochs_total:,}"]]
    rows += [["pace", pace(current)], ["driver", str(current.driver)]]
    print_table([f"sweep {current.sweep}", ""], rows)
    unfinished = current.counts["missing"] + current.counts["interrupted"]
    if current.driver.state != "alive" and unfinished:
        say(f"next: {command_line('resume', current.sweep, store=store)}")

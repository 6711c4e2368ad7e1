"""What must hold of a sweep that was killed until it was done, whether it does, and how it is told."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field

import mlflow
import pandas as pd

from analysis.tables import from_store
from benchmarks.soak_strikes import MOST_SECONDS_BETWEEN
from sweep.store import Store
from sweep.tracking.settings import settle_mlflow
from sweep.trial.attempt import SNAPSHOT_SHARE

NAME = "soak"
SNAPSHOT_SECONDS = 1.0
EPOCH_SECONDS = 1.0
"""A kill may also cost the epoch in hand, after which a snapshot would have been taken; this is far longer here."""
CLOCKS = ["train_seconds", "measure_seconds", "timestamp"]
SNAPSHOT_COST = re.compile(r"snapshot at epoch \d+, in (\S+) s")


@dataclass
class Record:
    """What was done to the sweep, and what each kill cost."""

    kills: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    outages: int = 0
    starts: int = 0
    ended_by_ray: int = 0
    lost_training: list[float] = field(default_factory=list)
    lost_starts: list[float] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    track_seconds: float | None = None


def compare(calm: Store, wild: Store, uri: str, record: Record, epochs: int) -> dict[str, bool]:
    """What must hold, and whether it does."""
    tables = from_store(wild, NAME)
    rows, points = tables.epochs.to_pandas(), tables.points.to_pandas()
    expected = from_store(calm, NAME).epochs.to_pandas()
    per_point = rows.groupby("point_id").epoch.agg(list)
    interval = _longest_interval(wild)
    repeated = sum(len(wild.attempts(point)) > _attempts_until_done(wild, point) for point in points.point_id)
    runs = _runs(uri)
    wanted = {point: ("FINISHED", list(range(epochs + 1))) for point in points.point_id}
    for name in sorted(wanted.keys() | runs.keys()):
        if runs.get(name) != wanted.get(name):
            print(f"in MLflow {name}: {runs.get(name)}")
    return {
        f"all {len(points)} points are finished, each once": bool((points.state == "finished").all())
        and points.point_id.is_unique,
        "every epoch of every point is in the tables once": bool(
            per_point.map(lambda found: found == list(range(epochs + 1))).all()
        ),
        "the tables equal those of the undisturbed run, bit for bit, but for clocks": rows.drop(columns=CLOCKS).equals(
            expected.drop(columns=CLOCKS)
        ),
        "no finished point was computed again": repeated == 0 and record.finished <= set(points.point_id),
        f"no kill lost more of a training than the epoch in hand and one snapshot interval, at most {interval:.1f} s": (
            max(record.lost_training, default=0.0) <= interval + EPOCH_SECONDS
        ),
        "MLflow holds one finished run per point, and each epoch of it once": runs == wanted,
    }


def _attempts_until_done(store: Store, point_id: str) -> int:
    """The number of the attempt that finished the point."""
    (point,) = (point for point in store.spec(NAME).points if point.point_id == point_id)
    result = store.result(point)
    return result.attempt if result else 0


def _runs(uri: str) -> dict[str, tuple[str, list[int]]]:
    settle_mlflow()
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(NAME)
    found: dict[str, tuple[str, list[int]]] = {}
    for run in client.search_runs([experiment.experiment_id], max_results=5000):
        steps = sorted(metric.step for metric in client.get_metric_history(run.info.run_id, "test_error"))
        point = run.data.tags["point_id"]
        found[point if point not in found else f"{point} again"] = (run.info.status, steps)
    return found


def _longest_interval(store: Store) -> float:
    """The longest time between two snapshots that this run allowed: more than usual only where they cost much."""
    costs = [
        float(cost)
        for point in store.spec(NAME).points
        for attempt in store.attempts(point.point_id)
        for cost in SNAPSHOT_COST.findall(store.log(point.point_id, attempt.number))
    ]
    return max(SNAPSHOT_SECONDS, max(costs, default=0.0) / SNAPSHOT_SHARE)


def report(findings: dict[str, bool], record: Record, calm: float, seconds: float, seed: int) -> str:
    """The findings and what led to them, as Markdown."""
    lines = [
        "# Killed until done",
        "",
        f"200 points on digits, {os.cpu_count()} CPUs, seed {seed}; a snapshot every {SNAPSHOT_SECONDS:g} s. "
        f"Undisturbed: {calm:.0f} s; all together {seconds:.0f} s.",
        "",
        f"- killed: {_listed(record.kills)}; the MLflow server down {record.outages} times; the command was given "
        f"{record.starts} times",
        f"- of these in pairs, the second at most {MOST_SECONDS_BETWEEN:g} s after the first: {_listed(record.pairs)}",
        f"- Ray itself ended the driver {record.ended_by_ray} times, with exit code 1: its raylet died as it connected",
        f"- training lost per killed trial: {_spread(record.lost_training)} since its last snapshot",
        f"- killed before it could train: {_spread(record.lost_starts)} of loading and compiling",
        f"- {_caught_up(record)}",
        *(f"- {'holds' if holds else 'FAILS'}: {claim}" for claim, holds in findings.items()),
    ]
    return "\n".join(lines) + "\n"


def _caught_up(record: Record) -> str:
    if record.track_seconds is None:
        return "MLflow was complete when the last command ended"
    return f"the last command said that MLflow was behind; `sweep track`, as it told, took {record.track_seconds:.0f} s"


def _listed(counts: Counter[str]) -> str:
    """As in `worker 4, driver 3`; pairs are separated by semicolons."""
    separator = "; " if any("," in kind for kind in counts) else ", "
    return separator.join(f"{kind} {count}" for kind, count in counts.most_common()) or "none"


def _spread(seconds: list[float]) -> str:
    lost = pd.Series(seconds, dtype=float)
    return f"{len(lost)} times, median {lost.median():.2f} s, largest {lost.max():.2f} s" if seconds else "never"

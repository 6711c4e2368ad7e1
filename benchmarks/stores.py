"""Stores of many finished points that were never trained, and what a command takes that reads them."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep.store import Attempt, Store, load
from trainables import probes
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, PointResult

NAME = "many"
WIDTHS = (10, 20, 50, 100)
SWEEP = str(Path(sys.executable).with_name("sweep"))
ELSEWHERE = {"device": "gpu", "backend": "jax", "git_commit": "0" * 40}
"""The provenance of points that say nothing of the code that computed them."""


class Cost(NamedTuple):
    """Of a whole command: wall seconds, and the most memory it held, GB."""

    seconds: float
    gigabytes: float


def build(store: Store, count: int, epochs: int, provenance: Mapping[str, Any] = ELSEWHERE) -> Sequence[TrialConfig]:
    """Fill the store with finished points; not flushed to disk, as building is not what is timed."""
    seeds = count // (2 * len(WIDTHS))
    spec = load("fig4a", [f"grid.width={list(WIDTHS)}", f"grid.seed=0..{seeds - 1}", f"fixed.epochs={epochs}"])
    store.save_spec(NAME, spec.to_yaml().replace("name: fig4a", f"name: {NAME}", 1))
    flush, os.fsync = os.fsync, lambda _: None
    try:
        for number, point in enumerate(spec.points):
            own = {**provenance, "host": f"node-{number % 8}"}
            store.save_attempt(point.point_id, Attempt(1, "then", "here", 0, own, ended="later"))
            store.commit_result(point, PointResult(point.canonical(), "finished", 1, 60.0, own, history(point, number)))
    finally:
        os.fsync = flush
    return spec.points


def history(point: TrialConfig, seed: int) -> bytes:
    """A history of random numbers: what no encoding shortens; how far to trust them at both ends only, as trials do."""
    generator = np.random.default_rng(seed)
    pairs = [pair.name for pair in probes.pairs(point)]
    rows = (point.epochs + 1) * len(pairs)
    inner = np.ones(rows, bool)
    inner[: len(pairs)] = inner[-len(pairs) :] = False
    columns = []
    for field in HISTORY_SCHEMA:
        if field.name == "epoch":
            columns.append(pa.array(np.repeat(np.arange(point.epochs + 1, dtype=np.int32), len(pairs))))
        elif field.name == "pair":
            columns.append(pa.array(pairs * (point.epochs + 1)))
        elif field.name == "reason":
            columns.append(pa.nulls(rows, field.type))
        elif field.name == "timestamp":
            columns.append(pa.array(generator.integers(0, 2**40, rows), field.type))
        else:
            is_trust = field.name.startswith("mi_")
            columns.append(pa.array(generator.random(rows), mask=inner if is_trust else None))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, HISTORY_SCHEMA) as writer:
        writer.write_table(pa.table(columns, schema=HISTORY_SCHEMA))
    return sink.getvalue().to_pybytes()


def cost(command: Sequence[str]) -> Cost:
    """Run the command; SystemExit when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return Cost(seconds, usage.ru_maxrss / 1e6)

"""Time the export of a large store: python -m benchmarks.export

A synthetic store of finished points with whole histories is exported by `sweep export`, as a user would: from scratch,
again with nothing new, and partitioned. Seconds and peak memory are those of the whole command. The rival, in the same
run, is the straightforward way: every object through its Python records into rows, pandas, and parquet, on some of the
points and on three times as many, and extrapolated along the line through both. Writes benchmarks/results/export.md.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweep.store import Attempt, Store, load
from trainables import probes
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, PointResult

RESULTS = Path(__file__).parent / "results"
NAME = "many"
WIDTHS = (10, 20, 50, 100)
SECONDS, GIGABYTES = 60.0, 2.0
"""The export of 10,000 points of 200 epochs may take so much."""


class Cost(NamedTuple):
    """Of a whole command: wall seconds, and the most memory it held, GB."""

    seconds: float
    gigabytes: float


def main() -> None:
    """Build the store, export it in every way, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rival", type=int, default=100, help="points that the rival reads at first")
    parser.add_argument("--rows-of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rows_of:
        _by_rows(Store(options.rows_of), options.rival, options.to)
        return
    with tempfile.TemporaryDirectory() as folder:
        store, out = Path(folder) / "runs", Path(folder) / "out"
        points = _build(Store(store), options.points, options.epochs)
        export = [str(Path(sys.executable).with_name("sweep")), "export", NAME, "--store", str(store), "-o"]
        again = [sys.executable, "-m", "benchmarks.export", "--rows-of", str(store), "--to", str(out / "rows")]
        costs = {
            "from scratch": _cost([*export, str(out / "whole")]),
            "again, nothing new": _cost([*export, str(out / "whole")]),
            "partitioned": _cost([*export, str(out / "parts"), "--partition-by", "architecture,width"]),
        }
        sizes = (options.rival, 3 * options.rival)
        rival = {size: _cost([*again, "--rival", str(size)]) for size in sizes}
        bytes_stored = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        bytes_written = (out / "whole" / "epochs.parquet").stat().st_size
    (RESULTS / "export.md").write_text(_report(len(points), options, costs, rival, bytes_stored, bytes_written))
    print(RESULTS / "export.md")


def _build(store: Store, count: int, epochs: int) -> Sequence[TrialConfig]:
    """Fill the store with finished points; not flushed to disk, as building is not what is timed."""
    seeds = count // (2 * len(WIDTHS))
    spec = load("fig4a", [f"grid.width={list(WIDTHS)}", f"grid.seed=0..{seeds - 1}", f"fixed.epochs={epochs}"])
    store.save_spec(NAME, spec.to_yaml().replace("name: fig4a", f"name: {NAME}", 1))
    flush, os.fsync = os.fsync, lambda _: None
    try:
        for number, point in enumerate(spec.points):
            provenance = {"device": "gpu", "host": f"node-{number % 8}", "backend": "jax", "git_commit": "0" * 40}
            store.save_attempt(point.point_id, Attempt(1, "then", "here", 0, provenance, ended="later"))
            history = _history(point, np.random.default_rng(number))
            store.commit_result(point, PointResult(point.canonical(), "finished", 1, 60.0, provenance, history))
    finally:
        os.fsync = flush
    return spec.points


def _history(point: TrialConfig, generator: np.random.Generator) -> bytes:
    """A history of random numbers: what no encoding shortens; how far to trust them at both ends only, as trials do."""
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


def _cost(command: Sequence[str]) -> Cost:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return Cost(seconds, usage.ru_maxrss / 1e6)


def _by_rows(store: Store, count: int, out: Path) -> None:
    """The straightforward way, on some of the points."""
    import pandas as pd

    rows = []
    points = store.spec(NAME).points
    for point in points[:: max(1, len(points) // count)][:count]:
        for record in store.state(point).history:
            shared = {key: value for key, value in asdict(record).items() if key != "pairs"}
            rows += [{"point_id": point.point_id} | point.flat() | shared | asdict(pair) for pair in record.pairs]
    out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(out / "epochs.parquet")


def _report(
    points: int,
    options: argparse.Namespace,
    costs: dict[str, Cost],
    rival: dict[int, Cost],
    bytes_stored: int,
    bytes_written: int,
) -> str:
    scratch = costs["from scratch"]
    is_within = scratch.seconds <= SECONDS and scratch.gigabytes <= GIGABYTES
    ways = {f"`sweep export`, {way}": cost for way, cost in costs.items()}
    ways |= {f"rows through pandas, {size} points": cost for size, cost in rival.items()}
    some, more = rival
    steps = (points - more) / (more - some)
    everything = Cost(*(much + steps * (much - little) for little, much in zip(rival[some], rival[more], strict=True)))
    lines = [
        f"# Exporting {points:,} points of {options.epochs} epochs",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}, load average of "
        f"{os.getloadavg()[1]:.1f} from this and other work. {bytes_stored / 1e6:,.0f} MB in the store, "
        f"{bytes_written / 1e6:,.0f} MB of epochs.parquet. Whole commands, Python's start and imports included; the "
        "store was written just before, so no disk is waited for. From "
        f"scratch within {SECONDS:g} s and {GIGABYTES:g} GB: {'yes' if is_within else 'no'}.",
        "",
        "| way | seconds | peak memory (GB) |",
        "|---|---|---|",
        *(f"| `sweep export`, {way} | {cost.seconds:.1f} | {cost.gigabytes:.2f} |" for way, cost in costs.items()),
        *(
            f"| rows through pandas, {n} points | {cost.seconds:.1f} | {cost.gigabytes:.2f} |"
            for n, cost in rival.items()
        ),
        f"| rows through pandas, all points, extrapolated | {everything.seconds:,.0f} | {everything.gigabytes:,.0f} |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

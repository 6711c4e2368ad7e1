"""Time the export of a large store: python -m benchmarks.export

A synthetic store of finished points with whole histories is exported by `sweep export`, as a user would: from scratch,
again with nothing new, and partitioned. Seconds and peak memory are those of the whole command. The rival, in the same
run, is the straightforward way: every object through its Python records into rows, pandas, and parquet, on some of the
points and on three times as many, and extrapolated along the line through both. Writes benchmarks/results/export.md.
"""

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.stores import NAME, Cost, build, cost
from sweep.store import Store

RESULTS = Path(__file__).parent / "results"
SECONDS, GIGABYTES = 60.0, 2.0
"""The export of 10,000 points of 200 epochs may take so much."""


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
        points = build(Store(store), options.points, options.epochs)
        export = [str(Path(sys.executable).with_name("sweep")), "export", NAME, "--store", str(store), "-o"]
        again = [sys.executable, "-m", "benchmarks.export", "--rows-of", str(store), "--to", str(out / "rows")]
        costs = {
            "from scratch": cost([*export, str(out / "whole")]),
            "again, nothing new": cost([*export, str(out / "whole")]),
            "partitioned": cost([*export, str(out / "parts"), "--partition-by", "architecture,width"]),
        }
        sizes = (options.rival, 3 * options.rival)
        rival = {size: cost([*again, "--rival", str(size)]) for size in sizes}
        bytes_stored = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        bytes_written = (out / "whole" / "epochs.parquet").stat().st_size
    (RESULTS / "export.md").write_text(_report(len(points), options, costs, rival, bytes_stored, bytes_written))
    print(RESULTS / "export.md")


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
        *(f"| `sweep export`, {way} | {took.seconds:.1f} | {took.gigabytes:.2f} |" for way, took in costs.items()),
        *(
            f"| rows through pandas, {n} points | {took.seconds:.1f} | {took.gigabytes:.2f} |"
            for n, took in rival.items()
        ),
        f"| rows through pandas, all points, extrapolated | {everything.seconds:,.0f} | {everything.gigabytes:,.0f} |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

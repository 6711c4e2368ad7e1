"""Time the estimator of MI against its rivals, side by side in one run: python -m benchmarks.mi

Every (rival, sample, N, d) is timed in a process of its own, rivals taking turns. Medians, values, peak extra memory
and the ratio to this project's estimator go to benchmarks/results/mi.csv, mi.md and mi.png, which are written anew
after every cell. A cell that would take its rival longer than --budget seconds is extrapolated, by N^2 and d, and
marked so; one that fails is a row that says why. The samples of MNIST need SWEEP_DATA_DIR; without it the Gaussian
ones are timed alone. benchmarks/rivals.py says what the rivals need; one that is not here is left out. With all of
them the defaults take about half an hour on two CPUs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import mi_report
from benchmarks.rivals import NOT_HERE, RIVALS
from benchmarks.samples import SAMPLES

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks/results"
PATIENCE = 10
"""A process that takes this many budgets, and a minute, is killed; its cell has failed."""
Row = dict[str, Any]


def main() -> None:
    """Run the whole comparison, or the part that the options name."""
    options = _options()
    rows: list[Row] = []
    absent: dict[str, str] = {}
    for sample in options.samples:
        budget = options.budget[sample != options.samples[0]]
        for d in sorted(options.d):
            for n in sorted(options.n):
                cell = {"sample": sample, "n": n, "d": d}
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder) / "xy.npz"
                    x, y = SAMPLES[sample](n, d)
                    np.savez(path, x=x, y=y)
                    for rival in (rival for rival in options.rivals if rival not in absent):
                        row = extrapolated(rows, cell | {"rival": rival}, budget)
                        row = row or timed(rival, path, options.repeats, PATIENCE * budget + 60)
                        if "absent" in row:
                            absent[rival] = row["absent"]
                            print(f"{rival} is left out: {absent[rival]}", file=sys.stderr)
                            continue
                        rows.append(cell | {"rival": rival} | row)
                        print(_line(rows[-1]), file=sys.stderr, flush=True)
                        mi_report.write_table(pd.DataFrame(rows), RESULTS / options.name, absent, options.repeats)
                if rows:
                    mi_report.write_plot(pd.DataFrame(rows), RESULTS / options.name)
    print(RESULTS / f"{options.name}.md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    samples = list(SAMPLES) if os.environ.get("SWEEP_DATA_DIR") else ["gaussian"]
    parser.add_argument("--samples", nargs="+", choices=SAMPLES, default=samples)
    parser.add_argument("--rivals", nargs="+", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--n", nargs="+", type=int, default=[2000, 5000, 10_000])
    parser.add_argument("--d", nargs="+", type=int, default=[20, 100, 200, 1000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--budget",
        nargs=2,
        type=float,
        default=[90.0, 12.0],
        metavar=("FIRST", "OTHERS"),
        help="seconds that one estimate may be expected to take, on the first sample and on the others",
    )
    parser.add_argument("--name", default="mi", help="of the result files")
    return parser.parse_args()


def extrapolated(rows: list[Row], wanted: Row, budget: float) -> Row | None:
    """The wanted cell by N^2 and d from a timed one of the same rival and sample, if that exceeds the budget.

    Taken from the nearest smaller d, there from the largest N. Trees search faster than N^2 and d while d is small, so
    that this rather errs low. None: the cell is to be timed.
    """
    alike = [
        row
        for row in rows
        if all(row[key] == wanted[key] for key in ("rival", "sample"))
        and row["n"] <= wanted["n"]
        and row["d"] <= wanted["d"]
        and row["failure"] is None
        and not row["extrapolated"]
    ]
    if not alike:
        return None
    nearest = max(alike, key=lambda row: (row["d"], row["n"]))
    seconds = nearest["seconds"] * (wanted["n"] / nearest["n"]) ** 2 * wanted["d"] / nearest["d"]
    if seconds <= budget:
        return None
    return {"seconds": seconds, "bits": None, "extra_mib": None, "extrapolated": True, "failure": None}


def timed(rival: str, path: Path, repeats: int, limit: float) -> Row:
    """Median seconds, value and memory of one rival; or its failure; or why it is absent."""
    command = [sys.executable, "-m", "benchmarks.rivals", rival, str(path), str(repeats)]
    row: Row = {"seconds": None, "bits": None, "extra_mib": None, "extrapolated": False, "failure": None}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return row | {"failure": f"killed after {limit:.0f} s"}
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, without a word"]
        return {"absent": lines[-1]} if done.returncode == NOT_HERE else row | {"failure": lines[-1]}
    found = json.loads(done.stdout.splitlines()[-1])
    return row | {
        "seconds": float(np.median(found["seconds"])),
        "bits": found["bits"],
        "extra_mib": found["extra_mib"],
    }


def _line(row: Row) -> str:
    value = "" if row["bits"] is None else f"{row['bits']:.6f} bits"
    about = "~" if row["extrapolated"] else " "
    told = f"failed: {row['failure']}" if row["failure"] else f"{about}{row['seconds']:.3f} s {value}"
    return f"{row['sample']:9} N={row['n']:<6} d={row['d']:<5} {row['rival']:13} {told}"


if __name__ == "__main__":
    main()

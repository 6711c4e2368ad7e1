"""Time the estimator of MI against its rivals, side by side in one run: python -m benchmarks.mi

Every (rival, sample, N, d) is timed in a process of its own, rivals taking turns. Medians, values, peak extra memory
and the ratio to this project's estimator go to benchmarks/results/mi.csv, mi.md and mi.png. A cell whose rival would
take longer than --budget seconds is extrapolated from the largest N that was timed, by N^2, and marked so. The samples
of MNIST need SWEEP_DATA_DIR; without it the Gaussian ones are timed alone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.rivals import RIVALS
from benchmarks.samples import SAMPLES

RESULTS = Path(__file__).parent / "results"
OURS = "mi-sweep"


def main() -> None:
    """Run the whole comparison, or the part that the options name."""
    options = _options()
    rows: list[dict[str, Any]] = []
    absent: set[str] = set()
    for sample in options.samples:
        for d in options.d:
            for n in sorted(options.n):
                cell = {"sample": sample, "n": n, "d": d}
                x, y = SAMPLES[sample](n, d)
                with tempfile.TemporaryDirectory() as folder:
                    np.savez(Path(folder) / "xy.npz", x=x, y=y)
                    for rival in (rival for rival in options.rivals if rival not in absent):
                        row = _extrapolated(rows, cell, rival, options.budget)
                        row = row or _timed(rival, Path(folder) / "xy.npz", options.repeats)
                        if row is None:
                            absent.add(rival)
                            continue
                        rows.append(cell | {"rival": rival} | row)
                        print(_line(rows[-1]), file=sys.stderr, flush=True)
    table = _with_ratios(pd.DataFrame(rows))
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{options.name}.csv", index=False)
    (RESULTS / f"{options.name}.md").write_text(_markdown(table, sorted(absent), options.repeats))
    _plot(table).savefig(RESULTS / f"{options.name}.png", dpi=150)
    print(RESULTS / f"{options.name}.md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    samples = list(SAMPLES) if os.environ.get("SWEEP_DATA_DIR") else ["gaussian"]
    parser.add_argument("--samples", nargs="+", choices=SAMPLES, default=samples)
    parser.add_argument("--rivals", nargs="+", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--n", nargs="+", type=int, default=[2000, 5000, 10_000])
    parser.add_argument("--d", nargs="+", type=int, default=[20, 100, 200, 1000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budget", type=float, default=150.0, help="seconds that one estimate may take")
    parser.add_argument("--name", default="mi", help="of the result files")
    return parser.parse_args()


def _timed(rival: str, path: Path, repeats: int) -> dict[str, Any] | None:
    """Median seconds, value and memory of one rival; None when it is not installed."""
    command = [sys.executable, "-m", "benchmarks.rivals", rival, str(path), str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output"
        print(f"{rival} is left out: {reason}", file=sys.stderr)
        return None
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        "seconds": float(np.median(found["seconds"])),
        "bits": found["bits"],
        "extra_mib": found["extra_mib"],
        "extrapolated": False,
    }


def _extrapolated(rows: list[dict[str, Any]], cell: dict[str, Any], rival: str, budget: float) -> dict[str, Any] | None:
    """The cell by N^2 from the largest smaller N of the same rival, if it would exceed the budget."""
    alike = [
        row
        for row in rows
        if row["rival"] == rival and all(row[key] == cell[key] for key in ("sample", "d")) and not row["extrapolated"]
    ]
    if not alike:
        return None
    largest = max(alike, key=lambda row: row["n"])
    seconds = largest["seconds"] * (cell["n"] / largest["n"]) ** 2
    if seconds <= budget:
        return None
    return {"seconds": seconds, "bits": None, "extra_mib": None, "extrapolated": True}


def _with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    keys = ["sample", "n", "d"]
    own = table[table["rival"] == OURS].set_index(keys)
    index = pd.MultiIndex.from_frame(table[keys])
    table["times_slower"] = table["seconds"].to_numpy() / own["seconds"].reindex(index).to_numpy()
    table["difference_bits"] = table["bits"].to_numpy(float) - own["bits"].reindex(index).to_numpy(float)
    return table


def _line(row: dict[str, Any]) -> str:
    value = "" if row["bits"] is None else f"{row['bits']:.6f} bits"
    about = "~" if row["extrapolated"] else " "
    return f"{row['sample']:9} N={row['n']:<6} d={row['d']:<5} {row['rival']:13} {about}{row['seconds']:.3f} s {value}"


def _markdown(table: pd.DataFrame, absent: list[str], repeats: int) -> str:
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("npeet_plus", "scikit-learn", "scipy", "numba", "numpy")
    )
    lines = [
        "# KSG-1, k = 3: seconds for one value",
        "",
        f"Python {platform.python_version()} on {platform.machine()}, {packages}. Medians of up to {repeats}; "
        "d per side; ~ extrapolated by N^2; peak memory beyond the arrays themselves.",
        "",
        "| sample | N | d | estimator | seconds | times slower | difference (bits) | extra MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in table.to_dict("records"):
        about = "~" if row["extrapolated"] else ""
        difference = "" if pd.isna(row["difference_bits"]) else f"{row['difference_bits']:.1e}"
        memory = "" if pd.isna(row["extra_mib"]) else f"{row['extra_mib']:.0f}"
        lines.append(
            f"| {row['sample']} | {row['n']:,} | {row['d']} | {row['rival']} | {about}{row['seconds']:.3f} "
            f"| {about}{row['times_slower']:.1f} | {difference} | {memory} |"
        )
    if absent:
        lines += ["", f"Not installed, so left out: {', '.join(absent)}."]
    return "\n".join(lines) + "\n"


def _plot(table: pd.DataFrame) -> Figure:
    """Seconds against N, one panel per d of the first sample; open marks are extrapolated."""
    shown = table[table["sample"] == table["sample"].iloc[0]]
    dims = sorted(shown["d"].unique())
    figure = Figure(figsize=(3.2 * len(dims), 3.4), layout="constrained")
    axes = figure.subplots(1, len(dims), sharey=True, squeeze=False)[0]
    for axis, d in zip(axes, dims, strict=True):
        for number, rival in enumerate(shown["rival"].unique()):
            part = shown[(shown["d"] == d) & (shown["rival"] == rival)].sort_values("n")
            colour = "black" if rival == OURS else f"C{number}"
            axis.plot(part["n"], part["seconds"], color=colour, lw=2 if rival == OURS else 1, label=rival)
            for guess, face in ((False, colour), (True, "white")):
                some = part[part["extrapolated"] == guess]
                axis.plot(some["n"], some["seconds"], "o", ms=4, color=colour, mfc=face)
        axis.set(xscale="log", yscale="log", title=f"d = {d} + {d}", xlabel="samples N")
        axis.set_xticks(sorted(shown["n"].unique()), [f"{n:,}" for n in sorted(shown["n"].unique())], minor=False)
        axis.minorticks_off()
    axes[0].set_ylabel("seconds for one value")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
    return figure


if __name__ == "__main__":
    main()

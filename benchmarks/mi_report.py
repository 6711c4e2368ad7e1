"""The timings of benchmarks/mi.py as CSV, Markdown and a plot."""

import platform
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.rivals import versions
from trainables.information import available_threads

OURS = "mi-sweep"
CELL = ["sample", "n", "d"]


def write_table(rows: pd.DataFrame, stem: Path, absent: dict[str, str], repeats: int) -> None:
    """Write STEM.csv and STEM.md; `absent` says why a rival is left out."""
    table = with_ratios(rows)
    stem.parent.mkdir(exist_ok=True)
    table.to_csv(stem.with_suffix(".csv"), index=False)
    stem.with_suffix(".md").write_text(_markdown(table, absent, repeats))


def write_plot(rows: pd.DataFrame, stem: Path) -> None:
    """Write STEM.png."""
    plot(rows).savefig(stem.with_suffix(".png"), dpi=150)


def with_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their seconds in units of ours, and their value less ours."""
    own = rows[rows["rival"] == OURS].set_index(CELL)[["seconds", "bits"]].astype(float)
    own = own.reindex(pd.MultiIndex.from_frame(rows[CELL])).reset_index(drop=True)
    seconds, bits = rows["seconds"].astype(float), rows["bits"].astype(float)
    return rows.assign(times_slower=seconds / own["seconds"], difference_bits=bits - own["bits"])


def growth(rows: pd.DataFrame, by: str) -> float:
    """The exponent of `by` in the seconds, by least squares of the logarithms; NaN from fewer than two timed cells."""
    timed = rows[~rows["extrapolated"] & rows["failure"].isna()]
    if timed[by].nunique() < 2:
        return float("nan")
    return float(np.polyfit(np.log(timed[by].astype(float)), np.log(timed["seconds"].astype(float)), 1)[0])


def _markdown(table: pd.DataFrame, absent: dict[str, str], repeats: int) -> str:
    lines = [
        "# KSG-1, k = 3: seconds for one value",
        "",
        f"Python {platform.python_version()} on {platform.machine()}, {available_threads()} CPUs{_processor()}; "
        f"{', '.join(versions())}. Medians of up to {repeats}, or one of over 10 s; d per side; ~ extrapolated "
        "by N^2 and d; arrays of float64, peak memory beyond them. npeet_plus, ennemi and infomeasure use one CPU, "
        "scikit-learn all for the joint space, the others for everything.",
        "",
        "| sample | N | d | estimator | seconds | times slower | difference (bits) | extra MiB |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(row) for row in table.to_dict("records")),
        "",
        *_growth_lines(table),
    ]
    if (table["rival"] == "ennemi").any():
        lines += ["", "ennemi differs by its own digamma, which is off by 1e-5 at 2 and 5e-7 at 3."]
    if (table["rival"] == "npeet_plus").any():
        lines += ["", "npeet_plus draws its noise without a seed, which tells where float32 activations tie."]
    lines += [f"\nLeft out: {rival}, since {why}" for rival, why in sorted(absent.items())]
    return "\n".join(lines) + "\n"


def _processor() -> str:
    """The processor's name and whether it has AVX-512, where Linux tells."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return f" ({names[0]}{', AVX-512' if 'avx512bw' in text else ''})" if names else ""


def _row(row: dict[str, object]) -> str:
    head = f"| {row['sample']} | {row['n']:,} | {row['d']} | {row['rival']} |"
    if row["failure"] is not None and not pd.isna(row["failure"]):
        return f"{head} failed: {str(row['failure']).replace('|', '/')} | | | |"
    about = "~" if row["extrapolated"] else ""
    difference = "" if pd.isna(row["difference_bits"]) else f"{row['difference_bits']:.1e}"
    memory = "" if pd.isna(row["extra_mib"]) else f"{row['extra_mib']:.0f}"
    ratio = "" if pd.isna(row["times_slower"]) else f"{about}{row['times_slower']:.1f}"
    return f"{head} {about}{row['seconds']:.3f} | {ratio} | {difference} | {memory} |"


def _growth_lines(table: pd.DataFrame) -> list[str]:
    """How ours grows with N at each d, and with d at the largest N; exponents fitted to the timed cells."""
    own = table[table["rival"] == OURS]
    lines = []
    for sample, part in own.groupby("sample", sort=False):
        with_n = [f"N^{growth(same, 'n'):.2f} at d = {d:,}" for d, same in part.groupby("d") if same["n"].nunique() > 1]
        largest = part[part["n"] == part["n"].max()]
        with_d = [f"d^{growth(largest, 'd'):.2f} at N = {part['n'].max():,}"] if largest["d"].nunique() > 1 else []
        if with_n or with_d:
            lines.append(f"* Growth of {OURS} on {sample}: {', '.join(with_n + with_d)}.")
    return lines


def plot(rows: pd.DataFrame) -> Figure:
    """A line of panels for each sample: seconds against N at each d, then against d at the largest N."""
    shown = rows[rows["failure"].isna()]
    samples, dims = list(shown["sample"].unique()), sorted(shown["d"].unique())
    others = [rival for rival in shown["rival"].unique() if rival != OURS]
    colours = {OURS: "black"} | {rival: f"C{number}" for number, rival in enumerate(others)}
    figure = Figure(figsize=(2.9 * (len(dims) + 1) + 1.2, 2.9 * len(samples) + 0.4), layout="constrained")
    grid = figure.subplots(len(samples), len(dims) + 1, sharey=True, squeeze=False)
    for axes, sample in zip(grid, samples, strict=True):
        part = shown[shown["sample"] == sample]
        for axis, d in zip(axes, dims, strict=False):
            _lines(axis, part[part["d"] == d], "n", colours)
            axis.set(title=f"{sample}, d = {d} + {d}", xlabel="samples N")
        largest = part["n"].max()
        _lines(axes[-1], part[part["n"] == largest], "d", colours)
        axes[-1].set(title=f"{sample}, N = {largest:,}", xlabel="d of each side")
        axes[0].set_ylabel("seconds for one value")
    handles = {label: line for line, label in zip(*grid[0, 0].get_legend_handles_labels(), strict=True)}
    figure.legend(
        handles.values(), handles.keys(), loc="outside right center", frameon=False, title="open marks:\nextrapolated"
    )
    return figure


def _lines(axis: Axes, rows: pd.DataFrame, by: str, colours: dict[str, str]) -> None:
    """One line for each rival over a log-log axis; open marks are extrapolated."""
    for rival, colour in colours.items():
        part = rows[rows["rival"] == rival].sort_values(by)
        axis.plot(part[by], part["seconds"], color=colour, lw=2 if rival == OURS else 1, label=rival)
        for guess, face in ((False, colour), (True, "white")):
            some = part[part["extrapolated"] == guess]
            axis.plot(some[by], some["seconds"], "o", ms=4, color=colour, mfc=face)
    ticks = sorted(rows[by].unique())
    axis.set(xscale="log", yscale="log")
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks], minor=False)
    axis.minorticks_off()

"""What benchmarks/ladder.py found, in Markdown."""

from typing import Any

import pandas as pd

from trainables.config import TrialConfig


def markdown(table: pd.DataFrame, config: TrialConfig, test_error: float, truth_bits: float) -> str:
    """The report: what was measured, what stayed, what moved, all values."""
    moved = table[table["map"] != "as it is"]
    lines = [
        "# A ladder of invariances: what moves a measure of mutual information",
        "",
        "Two pairs of N = 10,000 samples. MNIST: first and last hidden layer (100 units each) of an "
        f"{config.architecture} of width {config.width} and depth {config.depth}, seed {config.seed}, after "
        f"{config.epochs} full-batch steps (batch-norm momentum {config.batch_norm_momentum}, test error "
        f"{test_error:.3f}), on the test images. Gaussian: 5 + 5 units, {truth_bits:.2f} bits. The second side goes "
        "through maps that are invertible, so that the true MI stays what it is: of the Gaussians the number above, of "
        "the layers one that nobody knows. What moves here is not that MI: it is an estimate of it, or, of `sliced` "
        "and `channel`, another quantity. k = 3, seed 0, float64.",
        "",
        "![Cells by how many bits a map moves a measure](ladder.png)",
        "",
        f"**What claims to stay, stays.** {_kept(moved)}",
        "",
        f"**What does not claim it, moves.** {_moved(moved)}",
        "",
        f"**At the ceiling nothing can be seen.** {_saturated(table)}",
        "",
        f"**To stay is not to be right.** {_truth(table, truth_bits)}",
    ]
    for pair, part in table.groupby("pair", sort=False):
        lines += ["", f"## {pair}", "", *_values(part)]
    return "\n".join(lines) + "\n"


def _kept(moved: pd.DataFrame) -> str:
    claimed = moved[moved["claimed"]]
    exact, drawn = claimed[~claimed["within_error"]], claimed[claimed["within_error"]]
    errors = drawn["moved_bits"].abs() / drawn["standard_error_bits"]
    return (
        f"Of {len(claimed)} claims, the {len(exact)} that hold but for rounding moved by at most "
        f"{exact['moved_bits'].abs().max():.0e} bits; the {len(drawn)} that hold but for the standard error, as "
        f"directions or noise are drawn anew, by at most {errors.max():.1f} of these."
    )


def _moved(moved: pd.DataFrame) -> str:
    sayings = []
    for key, part in moved[~moved["claimed"] & ~moved["at_ceiling"]].groupby("measure", sort=False):
        worst = part.loc[part["moved_bits"].abs().idxmax()]
        before = worst["bits"] - worst["moved_bits"]
        sayings.append(f"`{key}` from {before:.2f} to {worst['bits']:.2f} bits by `{worst['map']}` ({worst['pair']})")
    return "Farthest went " + ", ".join(sayings) + "."


def _saturated(table: pd.DataFrame) -> str:
    full = table[(table["map"] == "as it is") & table["at_ceiling"]]
    named = ", ".join(
        f"`{row.measure}` on {row.pair} ({row.bits:.2f} of {row.ceiling_bits:.2f})" for row in full.itertuples()
    )
    return f"There from the start: {named}. That these hardly move says nothing of their invariance."


def _truth(table: pd.DataFrame, truth_bits: float) -> str:
    part = table[(table["pair"] == "Gaussian") & (table["map"] == "as it is")]
    values = ", ".join(
        f"`{row.measure}` {row.bits:.2f}" for row in part.itertuples() if not row.measure.startswith("channel")
    )
    return (
        f"On the Gaussians, {truth_bits:.2f} bits: {values}. `gaussian` is right here as its assumption holds; sliced "
        "MI is another quantity, and the channel's is not MI between the two sides."
    )


def _values(part: pd.DataFrame) -> list[str]:
    maps = list(dict.fromkeys(part["map"]))
    lines = ["| measure | " + " | ".join(maps) + " | ceiling |", "|---" * (len(maps) + 2) + "|"]
    for key, rows in part.groupby("measure", sort=False):
        cells = [_value(row) for row in rows.itertuples()]
        ceiling = rows["ceiling_bits"].iloc[0]
        lines.append(f"| `{key}` | " + " | ".join(cells) + f" | {'none' if pd.isna(ceiling) else f'{ceiling:.2f}'} |")
    return lines


def _value(row: Any) -> str:
    if pd.isna(row.bits):
        return f"none: {row.reason}"
    return f"{row.bits:.3f}" if row.claimed or row.map == "as it is" else f"*{row.bits:.3f}*"

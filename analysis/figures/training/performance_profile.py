"""Performance profile: the share of runs whose final error is at most x, as a function of x (Agarwal et al. 2021)."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, MARK, SEEDS_FOR_A_BAND
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import number_axis
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.error_rows import error_rows
from analysis.figures.rows.slices import choose
from analysis.quantities import DONE_STATES, TEST_ERROR

NEEDS = "needs two or more finished, trained points"
TASK = ["width", "depth"]
RESAMPLES, COVERAGE, SEED = 2_000, 0.95, 0


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per architecture and error that occurs: the `share` of runs at or below it, and the share's interval.

    Over the runs that ended; diverged runs are never below. Architectures are compared at the widths and depths that
    all of them have. low, high: 95 % percentile bootstrap over the seeds of each width and depth, seeded; empty if one
    of these has fewer than three seeds.
    """
    rows = error_rows(epochs, points)
    rows = rows.drop_duplicates("point_id", keep="last")
    rows = rows[rows["state"].isin(DONE_STATES) & (rows["epoch"] > 0)]
    if len(rows) < 2:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), ["architecture", *TASK], style.in_order(points["architecture"]))
    drawn = _comparable(shown.select(rows))
    drawn = drawn.assign(**{TEST_ERROR: drawn[TEST_ERROR].where(drawn["state"] == "finished", np.inf)})
    errors = np.unique(drawn.loc[np.isfinite(drawn[TEST_ERROR]), TEST_ERROR])
    if not len(errors):
        raise NothingToDraw(f"{NEEDS}; all of those here diverged")
    tasks = len(drawn[TASK].drop_duplicates())
    return FigureData(
        table=pd.concat([_profile(str(name), runs, errors) for name, runs in drawn.groupby("architecture")]),
        title="Performance profile: share of runs at or below a final test error",
        caption=f"{captions.describe(shown)}; {captions.seeds(drawn, ['architecture', *TASK])} per network at each of "
        f"the {tasks} combination{'s' * (tasks > 1)} of width and depth that all networks shown have. Bands: 95 % "
        "bootstrap over seeds, from three seeds on. Diverged runs count as never below.",
        colour_by="architecture",
        warnings=captions.warnings(shown, points, rows),
    )


def _comparable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the largest set of architectures with a common width and depth, at all that they have in common."""
    tasks = {str(name): set(map(tuple, runs[TASK].to_numpy())) for name, runs in rows.groupby("architecture")}
    groups = [group for size in range(1, len(tasks) + 1) for group in combinations(style.in_order(tasks), size)]
    shared = {group: set.intersection(*(tasks[name] for name in group)) for group in groups}
    best = max((group for group in groups if shared[group]), key=lambda group: (len(group), len(shared[group])))
    is_shared = rows[TASK].apply(tuple, axis="columns").isin(shared[best])
    return rows[rows["architecture"].isin(best) & is_shared]


def _profile(architecture: str, runs: pd.DataFrame, errors: np.ndarray) -> pd.DataFrame:
    cells = [cell[TEST_ERROR].to_numpy() for _, cell in runs.groupby(TASK)]
    below = [cell[:, None] <= errors for cell in cells]
    share = np.concatenate(below).mean(axis=0)
    low = high = np.full(len(errors), np.nan)
    if min(map(len, cells)) >= SEEDS_FOR_A_BAND:
        low, high = _interval(below)
    return pd.DataFrame(
        {"architecture": architecture, TEST_ERROR: errors, "share": share, "low": low, "high": high, "runs": len(runs)}
    )


def _interval(below: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """below: per width and depth, shape (seeds, errors)."""
    generator = np.random.default_rng(SEED)
    total = sum(len(cell) for cell in below)
    drawn = sum(cell[generator.integers(0, len(cell), (RESAMPLES, len(cell)))].sum(axis=1) for cell in below) / total
    low, high = np.quantile(drawn, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], axis=0)
    return low, high


def draw(data: FigureData) -> Canvas:
    """One panel, a staircase per architecture; the further up and left, the better."""
    rows = data.table
    networks = style.in_order(rows["architecture"])
    palette = style.colours("architecture", networks)
    low, high = float(rows[TEST_ERROR].min()), float(rows[TEST_ERROR].max())
    margin = max(1.03, (high / max(low, 1e-6)) ** 0.04)
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, 1, 2.8, _legends(data, palette))
        axis = axes[0, 0]
        for name in networks:
            runs = rows[rows["architecture"] == name]
            x = [low / margin, *runs[TEST_ERROR], high * margin]
            last = runs.iloc[-1]
            axis.step(x, [0.0, *runs["share"], last["share"]], where="post", color=palette[name], **_line(name))
            band = [[np.nan, *runs[side], last[side]] for side in ("low", "high")]
            axis.fill_between(x, *band, step="post", color=palette[name], alpha=0.15, lw=0)
        if low > 0:
            axis.set_xscale("log")
            number_axis(axis.xaxis, low, high)
        axis.set_xlim(low / margin, high * margin)
        axis.set_ylim(-0.02, 1.02)
        axis.set_xlabel("Final test error x")
        axis.set_ylabel("Share of runs with error ≤ x")
    return canvas


def _line(architecture: str) -> dict[str, Any]:
    mark = style.MARKERS.get(architecture, "P")
    return {"lw": 1.4, "ls": style.LINES.get(architecture, "-"), "marker": mark, "markevery": 0.09, **MARK}


def _legends(data: FigureData, palette: dict[str, str]) -> list[tuple[str, list[Artist]]]:
    runs = data.table.groupby("architecture")["runs"].first()
    keys: list[Artist] = [
        Line2D([], [], color=colour, label=f"{style.long_label(name)}, n = {runs[name]}", **_line(name))
        for name, colour in palette.items()
    ]
    blocks = [(style.VARIABLE_LABELS["architecture"], keys)]
    if data.table["low"].notna().any():
        blocks.append(("Bands", [Patch(color=GREY, alpha=0.15, lw=0, label="95 % interval")]))
    return blocks

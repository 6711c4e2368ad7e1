"""Learning curves: test error and mutual information by epoch, the median over seeds with the runs behind it."""

from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.figures import captions, style
from analysis.figures.layout import sheet
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.scales import error_axis
from analysis.figures.slices import Slice, choose
from analysis.quantities import (
    BALANCED_BITS,
    MI_COLUMNS,
    PAPER_BITS,
    TEST_ERROR,
    default_pair,
    ordered,
    present,
)

SERIES = ["architecture", "width", "depth"]
Y_LABELS = {TEST_ERROR: "Test error", PAPER_BITS: "MI as NPEET (bits)", BALANCED_BITS: "MI, balanced (bits)"}
COLUMNS = [*SERIES, "statistic", "runs", "seed", "point_id", "state", "pair", "epoch"]
QUARTILES = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}
SEEDS_FOR_A_BAND = 3


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per series, epoch and `statistic`: run (one per seed), median, quartile_1, quartile_3.

    The statistics are over the finished runs of a series, at the epochs that all of them recorded; `runs` counts them,
    and `seed`, `point_id`, `state` and `pair` are empty there.
    """
    rows = _rows(epochs, points)
    if rows.empty:
        raise NothingToDraw("learning_curves needs at least one point with a recorded test error")
    shown, variable = _slice(points, set(rows["point_id"]))
    drawn = rows[rows["point_id"].isin(shown.points["point_id"])]
    quantities = [TEST_ERROR, *present(drawn)]
    runs = drawn.assign(statistic="run", runs=1, seed=drawn["seed"].astype("Int64"))[[*COLUMNS, *quantities]]
    return FigureData(
        table=pd.concat([runs, *_statistics(runs[runs["state"] == "finished"], quantities)], ignore_index=True),
        title="Test error and mutual information by epoch",
        caption=". ".join(_sentences(shown, drawn)) + ".",
        colour_by=variable,
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """A row of panels per quantity, a column per architecture, or one column if the colours tell those apart."""
    rows = data.table
    quantities = [TEST_ERROR, *present(rows)]
    networks = style.in_order(rows["architecture"])
    columns = [networks] if data.colour_by == "architecture" else [[name] for name in networks]
    values = networks if data.colour_by == "architecture" else sorted(rows[data.colour_by].unique().tolist())
    palette = style.colours(data.colour_by, values)
    with rc_context(style.RC):
        canvas, axes = sheet(data, len(quantities), len(columns), 1.6, _legends(data, palette), row_gap=0.14)
        for i, quantity in enumerate(quantities):
            for j, architectures in enumerate(columns):
                chosen = rows[rows["architecture"].isin(architectures)].dropna(subset=[quantity])
                _panel(axes[i, j], chosen, quantity, data.colour_by, palette)
            axes[i, 0].set_ylabel(Y_LABELS[quantity])
        error_axis(axes[0, 0], rows[TEST_ERROR])
        for j, architectures in enumerate(columns):
            if len(columns) > 1:
                axes[0, j].set_title(style.LONG_LABELS.get(architectures[0], architectures[0]), loc="left")
            axes[-1, j].set_xlabel("Epoch")
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _rows(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """One row per (point, epoch) with an error, and the paper's mutual information where it was measured."""
    keys = ["point_id", "epoch"]
    base = epochs.drop_duplicates(keys)[[*keys, *SERIES, "seed", TEST_ERROR]]
    bits = [name for name in MI_COLUMNS if name in epochs]
    merged = base.merge(default_pair(epochs)[[*keys, "pair", *bits]], on=keys, how="left", validate="one_to_one")
    states = points.drop_duplicates("point_id")[["point_id", "state"]]
    return ordered(merged.merge(states, on="point_id", how="inner").dropna(subset=[TEST_ERROR]))


def _slice(points: pd.DataFrame, measured: set[str]) -> tuple[Slice, str]:
    """The slice by width or by depth, whichever shows more networks; the column that the colours tell apart."""
    shown: dict[str, Slice] = {
        name: choose(points, measured, ["architecture", name], style.in_order(points["architecture"]))
        for name in ("width", "depth")
    }
    counts = {name: _measured(part, measured)[name].nunique() for name, part in shown.items()}
    best = max(counts, key=lambda name: counts[name])
    several = _measured(shown[best], measured)["architecture"].nunique() > 1
    return shown[best], "architecture" if counts[best] == 1 and several else best


def _measured(part: Slice, measured: set[str]) -> pd.DataFrame:
    return part.points[part.points["point_id"].isin(measured)]


def _statistics(runs: pd.DataFrame, quantities: list[str]) -> list[pd.DataFrame]:
    """Median and quartiles over the given runs of each series; empty at an epoch that one of them has not recorded."""
    tables = []
    for series, seeds in runs.groupby(SERIES):
        count = seeds["point_id"].nunique()
        by_epoch = seeds.groupby("epoch")[quantities]
        identity: dict[str, Any] = dict(zip(SERIES, series, strict=True))
        for name, share in QUARTILES.items():
            table = by_epoch.quantile(share).where(by_epoch.count() == count).dropna(how="all").reset_index()
            tables.append(table.assign(**identity, statistic=name, runs=count))
    return tables


def _sentences(shown: Slice, drawn: pd.DataFrame) -> list[str]:
    measured = drawn[drawn["pair"].notna()]
    seeds = f"{captions.seeds(drawn, SERIES)} per network, medians and quartiles over the finished ones"
    return [
        f"{captions.describe(shown)}; {seeds}",
        *([captions.measurement(shown, measured)] if len(measured) else []),
        *(note.rstrip(".") for note in captions.series_note(drawn)),
    ]


def _panel(axis: Axes, rows: pd.DataFrame, quantity: str, colour_by: str, palette: dict[Any, str]) -> None:
    runs = rows[rows["statistic"] == "run"]
    for _, run in runs.groupby("point_id", sort=True):
        colour = palette[run.iloc[0][colour_by]]
        axis.plot(run["epoch"], run[quantity], color=colour, linewidth=0.5, alpha=0.45, zorder=2)
        last = run.iloc[-1]
        if last["state"] != "finished":
            axis.plot(last["epoch"], last[quantity], "x", color=colour, ms=4.0, mew=1.1, zorder=5)
    for _, series in rows[rows["statistic"] != "run"].groupby(SERIES, sort=True):
        colour = palette[series.iloc[0][colour_by]]
        wide = series.pivot_table(index="epoch", columns="statistic", values=quantity)
        if series["runs"].min() >= SEEDS_FOR_A_BAND:
            band = wide["quartile_1"], wide["quartile_3"]
            axis.fill_between(wide.index, *band, color=colour, alpha=0.18, lw=0, zorder=1)
        axis.plot(wide.index, wide["median"], color=colour, linewidth=1.5, zorder=3)


def _legends(data: FigureData, palette: dict[Any, str]) -> list[tuple[str, list[Artist]]]:
    levels: list[Artist] = []
    for level, colour in palette.items():
        label = style.LONG_LABELS.get(level, level) if data.colour_by == "architecture" else captions.number(level)
        levels.append(Line2D([], [], color=colour, linewidth=2.0, label=label))
    grey = "#333333"
    lines: list[Artist] = [Line2D([], [], color=grey, linewidth=0.5, label="one seed")]
    statistics = data.table[data.table["statistic"] != "run"]
    if len(statistics):
        lines.append(Line2D([], [], color=grey, linewidth=1.5, label="median of the finished seeds"))
    if len(statistics) and statistics["runs"].max() >= SEEDS_FOR_A_BAND:
        lines.append(Patch(color=grey, alpha=0.18, lw=0, label="quartiles"))
    if (data.table["state"].fillna("finished") != "finished").any():
        cross: dict[str, Any] = {"ls": "none", "marker": "x", "ms": 4, "mew": 1.1}
        lines.append(Line2D([], [], color=grey, label="stopped before its last epoch", **cross))
    return [(style.VARIABLE_LABELS[data.colour_by], levels), ("Lines", lines)]

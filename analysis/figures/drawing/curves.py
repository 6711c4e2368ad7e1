"""Curves over seeds: every run thin, the median over the finished ones thick, their quartiles as a band."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.figures.drawing import style
from analysis.figures.drawing.style import number

QUARTILES = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}
SEEDS_FOR_A_BAND = 3
GREY = "#333333"
MARK: dict[str, Any] = {"ms": 4.0, "mec": "white", "mew": 0.4}
MARKS = 6
"""The number of marks along a curve over epochs."""


@dataclass(frozen=True)
class Curves:
    """How runs make curves.

    series: the columns that identify a curve. x: the column along it.
    each_point: whether every x of a curve is another point (a gain); else a point has many x (epochs, layers), and
    statistics are given only at the x that all finished points of the curve have recorded.
    ended: the states of the points in the statistics.
    """

    series: tuple[str, ...]
    x: str
    each_point: bool = False
    ended: tuple[str, ...] = ("finished",)

    def table(self, rows: pd.DataFrame, quantities: Sequence[str], also: Sequence[str] = ()) -> pd.DataFrame:
        """One row per run and x, then per curve, x and `statistic`: median, quartile_1, quartile_3.

        rows: one per run and x, with `seed`, `point_id` and `state`. `runs` counts the finished points of a statistic,
        where the columns of single runs (seed, point_id, state and the columns `also`) are empty.
        """
        columns = [*self.series, "statistic", "runs", "seed", "point_id", "state", *also, self.x, *quantities]
        runs = rows.assign(statistic="run", runs=1, seed=rows["seed"].astype("Int64"))[columns]
        statistics = self._statistics(runs[runs["state"].isin(self.ended)], list(quantities))
        return pd.concat([runs, *statistics], ignore_index=True)

    def _statistics(self, runs: pd.DataFrame, quantities: list[str]) -> list[pd.DataFrame]:
        tables = []
        for series, points in runs.groupby(list(self.series)):
            by_x = points.groupby(self.x)[quantities]
            counts = by_x.count()
            needed = counts.clip(lower=1) if self.each_point else counts * 0 + points["point_id"].nunique()
            identity: dict[str, Any] = dict(zip(self.series, series, strict=True))
            for name, share in QUARTILES.items():
                table = by_x.quantile(share).where(counts == needed).assign(runs=needed.max(axis="columns"))
                table = table.dropna(how="all", subset=quantities).reset_index()
                tables.append(table.assign(**identity, statistic=name))
        return tables

    def draw(self, axis: Axes, rows: pd.DataFrame, quantity: str, colour_by: str, palette: dict[Any, str]) -> None:
        """Draw rows of `table` on an axis; colours and marks by the value of a series column."""
        rows, shapes = rows.dropna(subset=[quantity]), style.markers(colour_by, palette)
        self._draw_runs(axis, rows[rows["statistic"] == "run"], quantity, colour_by, palette)
        for _, series in rows[rows["statistic"] != "run"].groupby(list(self.series), sort=True):
            level = series.iloc[0][colour_by]
            colour = palette[level]
            wide = series.pivot_table(index=self.x, columns="statistic", values=quantity)
            if series["runs"].min() >= SEEDS_FOR_A_BAND:
                band = wide["quartile_1"], wide["quartile_3"]
                axis.fill_between(wide.index, *band, color=colour, alpha=0.18, lw=0, zorder=1)
            marked: dict[str, Any] = {"marker": shapes[level], **MARK}
            every = None if self.each_point else _staggered(len(wide), list(shapes).index(level), len(shapes))
            axis.plot(wide.index, wide["median"], color=colour, linewidth=1.5, zorder=3, markevery=every, **marked)

    def _draw_runs(
        self, axis: Axes, runs: pd.DataFrame, quantity: str, colour_by: str, palette: dict[Any, str]
    ) -> None:
        line = [*self.series, "seed"] if self.each_point else [*self.series, "point_id"]
        for _, run in runs.groupby(line, sort=True):
            colour = palette[run.iloc[0][colour_by]]
            if self.each_point:
                axis.plot(run[self.x], run[quantity], ".", color=colour, ms=3.0, mew=0, alpha=0.55, zorder=2)
            else:
                alone: dict[str, Any] = {"marker": ".", "ms": 4.0} if len(run) == 1 else {}
                axis.plot(run[self.x], run[quantity], color=colour, linewidth=0.5, alpha=0.45, zorder=2, **alone)
                run = run.iloc[-1:]
            cut = run[run["state"] != "finished"]
            axis.plot(cut[self.x], cut[quantity], "x", color=colour, ms=4.0, mew=1.1, zorder=5)

    def keys(self, table: pd.DataFrame) -> list[Artist]:
        """The legend handles of what `draw` draws."""
        seed_line: dict[str, Any] = {"marker": ".", "ms": 4, "ls": "none"} if self.each_point else {"linewidth": 0.5}
        handles: list[Artist] = [Line2D([], [], color=GREY, label="one seed", **seed_line)]
        statistics = table[table["statistic"] != "run"]
        if len(statistics):
            handles.append(Line2D([], [], color=GREY, linewidth=1.5, label="median of the finished seeds"))
            if (statistics.groupby(list(self.series))["runs"].min() >= SEEDS_FOR_A_BAND).any():
                handles.append(Patch(color=GREY, alpha=0.18, lw=0, label="quartiles"))
        if (table["state"].fillna("finished") != "finished").any():
            cross: dict[str, Any] = {"ls": "none", "marker": "x", "ms": 4, "mew": 1.1}
            handles.append(Line2D([], [], color=GREY, label="stopped before its last epoch", **cross))
        return handles


def _staggered(steps: int, level: int, levels: int) -> tuple[int, int]:
    """The steps of a curve with a mark, as first and every; the marks of different levels do not coincide."""
    every = max(1, steps // MARKS)
    return every * level // levels, every


def level_keys(column: str, palette: dict[Any, str], label: Callable[[Any], str] = number) -> list[Artist]:
    """The legend handles of the values that `Curves.draw` shows by colour and mark."""
    shapes = style.markers(column, palette)
    return [
        Line2D([], [], color=colour, linewidth=1.5, marker=shapes[level], label=label(level), **MARK)
        for level, colour in palette.items()
    ]

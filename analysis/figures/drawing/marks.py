"""The marks of one training run: its trace, its open start, its filled end or its cross, its arrows."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from analysis.figures.drawing import style
from analysis.figures.drawing.style import number
from analysis.quantities import TEST_ERROR

ARROW_AT = (0.3, 0.7)
ARROW_HEAD = Path([(-0.9, 0.62), (1.0, 0.0), (-0.9, -0.62), (-0.45, 0.0), (-0.9, 0.62)])
STRIDE_PIXELS = 14.0
MARK_SPACING = 0.09
LABEL_POINTS, LABEL_ABOVE_POINTS = 6.0, 3.5


def trace(axis: Axes, rows: pd.DataFrame, column: str, colour: str, points_only: bool, crowded: bool) -> None:
    """The run itself. rows: one point's epochs in order; column: the mutual information on the x axis, bits."""
    architecture = rows.iloc[0]["architecture"]
    axis.plot(
        rows[column],
        rows[TEST_ERROR],
        color=colour,
        alpha=0.55 if crowded or points_only else 0.85,
        linestyle="none" if points_only else style.LINES[architecture],
        linewidth=0.6 if crowded else 0.8,
        marker=style.MARKERS[architecture] if points_only or not crowded else "",
        markersize=2.6,
        markeredgewidth=0.0,
        markevery=None if points_only or len(rows) < 3 else MARK_SPACING,
        zorder=2,
    )


def ends(axis: Axes, rows: pd.DataFrame, column: str, colour: str, marker: str, y: str = TEST_ERROR) -> None:
    """An open mark at epoch 0; at the last epoch a filled mark, or a cross if the point has not finished."""
    first, last = rows.iloc[0], rows.iloc[-1]
    if first["epoch"] == 0:
        axis.plot(first[column], first[y], marker, mfc="white", mec=colour, mew=0.9, ms=4.4, zorder=4)
    if last["state"] != "finished":
        axis.plot(last[column], last[y], "x", color=colour, mew=1.3, ms=5.0, zorder=5)
    elif last["epoch"] > 0:
        axis.plot(last[column], last[y], marker, mfc=colour, mec="white", mew=0.5, ms=4.8, zorder=5)


def start_labels(axis: Axes, rows: pd.DataFrame, column: str, by: str, palette: dict[Any, str]) -> None:
    """Label the starts of runs with their value of `by`, for print without colours; labels that overlap are stacked.

    rows: epochs of the runs; an architecture has one label per value. The x limits must be final; the y axis is
    extended to make room for the labels.
    """
    first = rows[rows["epoch"] == 0].groupby(["architecture", by], as_index=False)
    starts = first.agg({column: "median"}).sort_values(column, kind="stable")
    top = float(rows.loc[rows["epoch"] == 0, TEST_ERROR].max())
    points = axis.figure.dpi / 72
    ends: list[float] = []
    tops = []
    for start in starts.to_dict("records"):
        text = number(start[by])
        place = axis.transData.transform((start[column], top))[0] / points
        half = LABEL_POINTS * (0.35 * len(text) + 0.25)
        level = next((i for i, end in enumerate(ends) if end <= place - half), len(ends))
        ends[level : level + 1] = [place + half]
        above = LABEL_ABOVE_POINTS + 1.1 * LABEL_POINTS * level
        tops.append(above + 1.1 * LABEL_POINTS)
        axis.annotate(
            text,
            (start[column], top),
            xytext=(0, above),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=LABEL_POINTS,
            color=palette[start[by]],
            zorder=6,
        )
    _raise(axis, top, max(tops, default=0.0) * points)


def _raise(axis: Axes, value: float, pixels: float) -> None:
    """Raise the upper y limit, if necessary, so that there are at least so many pixels above the value."""
    box = axis.get_window_extent()
    low, high = (axis.yaxis.get_transform().transform(limit) for limit in axis.get_ylim())
    at = axis.yaxis.get_transform().transform(value)
    needed = low + (at - low) * box.height / max(1.0, box.height - pixels)
    if needed > high:
        axis.set_ylim(top=float(axis.yaxis.get_transform().inverted().transform(needed)))


def arrows(axis: Axes, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    """Two arrow heads on the run, in the direction of training. x, y: shape (epochs,); the axis limits are final.

    Their places and directions come from the smoothed run, in pixels, so that scatter of single epochs has no effect.
    """
    path = axis.transData.transform(np.column_stack([x, y]))
    smooth = _smooth(path)
    stations = _stations(smooth)
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(smooth[stations], axis=0).T))])
    if travelled[-1] < 2 * STRIDE_PIXELS:
        return
    for share in ARROW_AT:
        epoch = float(np.interp(share * travelled[-1], travelled, stations))
        after = int(np.clip(np.searchsorted(stations, epoch), 1, len(stations) - 1))
        direction = smooth[stations[after]] - smooth[stations[after - 1]]
        turned = Affine2D().rotate(float(np.arctan2(direction[1], direction[0])))
        where = axis.transData.inverted().transform(_at(path, epoch))
        axis.plot(
            *where,
            marker=MarkerStyle(ARROW_HEAD, transform=turned),
            markersize=8.5,
            color=[0.72 * channel for channel in to_rgb(colour)],
            markeredgecolor="white",
            markeredgewidth=0.5,
            zorder=6,
        )


def _at(path: np.ndarray, index: float) -> np.ndarray:
    return np.array([np.interp(index, np.arange(len(path)), path[:, i]) for i in (0, 1)])


def key(colour: str, label: str, architecture: str, points_only: bool) -> Line2D:
    """The legend handle of an architecture: its line and its mark."""
    return Line2D(
        [],
        [],
        color=colour,
        label=label,
        linestyle="none" if points_only else style.LINES[architecture],
        linewidth=1.0,
        marker=style.MARKERS[architecture],
        markersize=4.0,
        markeredgewidth=0.0,
    )


def end_keys(table: pd.DataFrame, marker: str = "o") -> list[Artist]:
    """The legend handles of starts and ends, only those that occur. table: one row per drawn epoch."""
    common: dict[str, Any] = {"linestyle": "none", "color": "#333333"}
    handles: list[Artist] = []
    if (table["epoch"] == 0).any():
        handles.append(Line2D([], [], marker=marker, mfc="white", ms=4.4, label="epoch 0 (untrained)", **common))
    if ((table["state"] == "finished") & (table["epoch"] > 0)).any():
        handles.append(Line2D([], [], marker=marker, mec="white", ms=5.0, label="last epoch", **common))
    if (table["state"] != "finished").any():
        handles.append(Line2D([], [], marker="x", ms=5.0, mew=1.3, label="stopped before its last epoch", **common))
    handles.append(
        Line2D(
            [],
            [],
            marker=MarkerStyle(ARROW_HEAD),
            ms=7.5,
            mec="white",
            mew=0.4,
            label="direction of training",
            **common,
        )
    )
    return handles


def _smooth(path: np.ndarray) -> np.ndarray:
    """The path, shape (epochs, 2), averaged over about a twelfth of its epochs."""
    half = len(path) // 24
    kernel = np.full(2 * half + 1, 1 / (2 * half + 1))
    padded = np.pad(path, ((half, half), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(padded[:, i], kernel, mode="valid") for i in (0, 1)])


def _stations(path: np.ndarray) -> list[int]:
    """The epochs at which the path is a stride away from the previous station; a cloud of epochs adds none."""
    stations = [0]
    for epoch, place in enumerate(path):
        if np.hypot(*(place - path[stations[-1]])) >= STRIDE_PIXELS:
            stations.append(epoch)
    return stations

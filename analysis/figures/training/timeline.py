"""A timeline of a sweep: every attempt at every point, by the process and device that it ran on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch

from analysis.figures.drawing import style
from analysis.figures.drawing.layout import sheet
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions

NEEDS = "needs attempts that say when they ran; points read from older stores or never started have none"
# Okabe & Ito 2008; distinguishable in grey as well.
ENDS = {"finished": "#0072B2", "diverged": "#F0E442", "interrupted": "#BBBBBB", "failed": "#D55E00"}
LABELS = {"interrupted": "interrupted, or running still"}
UNITS = ((2 * 86_400.0, 86_400.0, "days"), (2 * 3_600.0, 3_600.0, "hours"), (120.0, 60.0, "minutes"))
LANE = ["host", "device", "process"]
LANE_INCHES = {True: 0.26, False: 0.07}
MOST_NAMED = 25
MOST_INCHES = 7.0
BAR = 0.5


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per attempt: its lane (a process on a host and its device), start and end in seconds, how it ended.

    Seconds count from the first start. Attempts with an unknown end (their process died, or still runs) end at their
    last recorded epoch.
    """
    rows = _attempts(points)
    if rows.empty:
        raise NothingToDraw(NEEDS)
    rows["ended"] = _ends(rows, epochs)
    begin = rows["started"].min()
    for side in ("started", "ended"):
        rows[f"{side}_seconds"] = (rows[side] - begin).dt.total_seconds()
    rows["lane"] = rows.groupby(LANE, dropna=False).ngroup()
    busy = rows["ended_seconds"].sub(rows["started_seconds"]).sum()
    lives = rows.groupby("lane").agg({"started_seconds": "min", "ended_seconds": "max"})
    whole = lives["ended_seconds"].sub(lives["started_seconds"]).sum()
    share = f", busy {busy / whole:.0%} of the time between their first start and last end" if whole else ""
    drawn = rows[[*LANE, "lane", "point_id", "attempt", "end", "started_seconds", "ended_seconds"]]
    lanes = rows["lane"].nunique()
    return FigureData(
        table=drawn.sort_values(["lane", "started_seconds", "point_id"], kind="stable").reset_index(drop=True),
        title="Attempts over time, by process and device",
        caption=f"{len(rows)} attempts at {rows['point_id'].nunique()} points on {lanes} "
        f"process{'es' * (lanes > 1)}{share}, since {begin:%Y-%m-%d %H:%M} UTC. A bar is an attempt.",
        colour_by="end",
        warnings=tuple(filter(None, [captions.incompleteness(points.drop_duplicates("point_id"), points)])),
    )


def _attempts(points: pd.DataFrame) -> pd.DataFrame:
    """One row per attempt with a start, in the order of the points."""
    rows: list[dict[str, Any]] = []
    by_id = points.drop_duplicates("point_id").sort_values("point_id")
    for point in by_id.to_dict("records"):
        attempts = _listed(point.get("attempt_times"))
        for number, attempt in enumerate(attempts, start=1):
            end = _end(attempt, str(point["state"]) if number == len(attempts) else "interrupted")
            row = {"point_id": point["point_id"], "attempt": number, "end": end}
            rows.append(row | {name: attempt[name] for name in (*LANE, "started", "ended")})
    frame = pd.DataFrame(rows, columns=["point_id", "attempt", "end", *LANE, "started", "ended"])
    for side in ("started", "ended"):
        frame[side] = pd.to_datetime(frame[side], utc=True, format="ISO8601")
    return frame[frame["started"].notna()].reset_index(drop=True)


def _listed(attempts: Any) -> list[dict[str, Any]]:
    """The attempts of a point; none where tables hold none."""
    return list(attempts) if isinstance(attempts, Sequence | np.ndarray) else []


def _end(attempt: dict[str, Any], state: str) -> str:
    if attempt["failure_kind"]:
        return "failed"
    return state if state in ENDS else "interrupted"


def _ends(rows: pd.DataFrame, epochs: pd.DataFrame) -> "pd.Series[Any]":
    """When each attempt ended; if unknown, its last epoch recorded before the next attempt, or else its start."""
    next_start = rows.groupby("point_id")["started"].shift(-1)
    is_open = rows["ended"].isna()
    if "timestamp" not in epochs or not is_open.any():
        return rows["ended"].fillna(rows["started"])
    open_attempts = rows[is_open].assign(row=rows.index[is_open], next_start=next_start[is_open])
    recorded = open_attempts.merge(epochs[["point_id", "timestamp"]], on="point_id")
    recorded["timestamp"] = pd.to_datetime(recorded["timestamp"], utc=True)
    is_earlier = recorded["timestamp"] < recorded["started"]
    is_of_next = recorded["timestamp"] >= recorded["next_start"]
    last = recorded[~is_earlier & ~is_of_next].groupby("row")["timestamp"].max()
    return rows["ended"].fillna(last).fillna(rows["started"])


def draw(data: FigureData) -> Canvas:
    """A lane per process, a bar per attempt, coloured by how it ended."""
    rows = data.table
    lanes = rows.drop_duplicates("lane").sort_values("lane")
    seconds, unit = _unit(float(rows["ended_seconds"].max()))
    with rc_context(style.RC):
        is_named = len(lanes) <= MOST_NAMED
        height = 0.3 + LANE_INCHES[is_named] * len(lanes)
        canvas, axes = sheet(data, 1, 1, float(np.clip(height, 0.8, MOST_INCHES)), _legends(rows))
        axis = axes[0, 0]
        for end, bars in rows.groupby("end"):
            length = (bars["ended_seconds"] - bars["started_seconds"]) / seconds
            axis.barh(
                bars["lane"],
                length,
                left=bars["started_seconds"] / seconds,
                height=BAR if is_named else 0.8,
                color=ENDS[str(end)],
                edgecolor="white",
                linewidth=0.4,
            )
        _lanes(axis, lanes, is_named)
        axis.set_xlabel(f"Time since the first start ({unit})")
        axis.set_xlim(left=0)
    return canvas


def _lanes(axis: Axes, lanes: pd.DataFrame, is_named: bool) -> None:
    """The first lane on top, with its host, device and process above its bars unless there are too many."""
    axis.set_ylim(len(lanes) - 0.6, -0.8)
    axis.grid(False, axis="y")
    axis.set_yticks([])
    axis.set_ylabel("Process")
    for lane in lanes.to_dict("records") if is_named else ():
        process = "" if pd.isna(lane["process"]) else f", process {int(lane['process'])}"
        text = f"{lane['host']}, {lane['device'] or 'device unknown'}{process}"
        place = (0.004, lane["lane"] - BAR / 2 - 0.04)
        axis.text(*place, text, transform=axis.get_yaxis_transform(), va="bottom", fontsize=5.5)


def _unit(span: float) -> tuple[float, str]:
    for least, seconds, name in UNITS:
        if span >= least:
            return seconds, name
    return 1.0, "seconds"


def _legends(rows: pd.DataFrame) -> list[tuple[str, list[Artist]]]:
    counts = rows["end"].value_counts()
    keys: list[Artist] = [
        Patch(color=colour, label=f"{LABELS.get(end, end)} ({counts[end]})")
        for end, colour in ENDS.items()
        if end in counts
    ]
    return [("Attempt ended", keys)]

"""The timeline: every attempt a bar, on the process that it ran in, with the end that it had."""

import numpy as np
import pandas as pd
import pytest

from analysis.figures import FIGURES, NothingToDraw
from tests.analysis.figures.conftest import with_attempts


def attempt(started: str, ended: str | None, process: int | None = 7, failure: str | None = None) -> dict[str, object]:
    moments = {"started": f"2026-01-02T{started}+00:00", "ended": ended and f"2026-01-02T{ended}+00:00"}
    return moments | {"host": "h", "device": "cpu", "process": process, "failure_kind": failure}


POINTS = pd.DataFrame(
    [
        {"point_id": "a", "state": "finished", "attempt_times": [attempt("10:00:00", "10:01:00")]},
        {
            "point_id": "b",
            "state": "diverged",
            "attempt_times": [attempt("10:01:00", None, failure="infra"), attempt("10:02:00", "10:02:30", process=8)],
        },
        {"point_id": "c", "state": "running", "attempt_times": np.array([attempt("10:03:00", None)])},
        {"point_id": "d", "state": "missing", "attempt_times": []},
        {"point_id": "e", "state": "missing", "attempt_times": None},
    ]
)
EPOCHS = pd.DataFrame(
    [("c", "10:03:30"), ("c", "10:03:20"), ("b", "10:01:15"), ("b", "10:02:20")], columns=["point_id", "timestamp"]
)
EPOCHS["timestamp"] = pd.to_datetime("2026-01-02T" + EPOCHS["timestamp"] + "Z")


def test_every_attempt_is_a_row_on_its_process_with_its_end() -> None:
    data = FIGURES["timeline"].table(EPOCHS, POINTS)
    found = data.table[["lane", "point_id", "attempt", "end", "started_seconds", "ended_seconds"]]
    assert found.to_numpy().tolist() == [
        [0, "a", 1, "finished", 0.0, 60.0],
        [0, "b", 1, "failed", 60.0, 75.0],
        [0, "c", 1, "interrupted", 180.0, 210.0],
        [1, "b", 2, "diverged", 120.0, 150.0],
    ]
    assert "4 attempts at 3 points on 2 processes, busy 56% of the time between" in data.caption
    assert "since 2026-01-02 10:00 UTC" in data.caption
    assert data.warnings == ("1 of 5 points finished: incomplete (1 diverged, 1 running, 2 missing)",)


def test_bars_stand_in_their_lanes_and_the_legend_counts_them() -> None:
    canvas = FIGURES["timeline"].draw(FIGURES["timeline"].table(EPOCHS, POINTS))
    bars = {round(bar.get_y() + bar.get_height() / 2) for bar in canvas.axes[0].patches}
    assert bars == {0, 1}
    labels = [text.get_text() for text in canvas.legends[0].get_texts()]
    assert labels == ["finished (1)", "diverged (1)", "interrupted, or running still (1)", "failed (1)"]


def test_an_attempt_that_kept_nothing_ends_where_it_started() -> None:
    found = FIGURES["timeline"].table(EPOCHS.iloc[:0], POINTS).table
    assert found.loc[found["point_id"] == "c", ["started_seconds", "ended_seconds"]].to_numpy().tolist() == [[180, 180]]


def test_attempts_without_a_process_share_the_lane_of_their_host() -> None:
    points = POINTS.iloc[[0]].assign(attempt_times=[[attempt("10:00:00", "10:01:00", process=None)]])
    data = FIGURES["timeline"].table(EPOCHS, points)
    assert data.table["lane"].tolist() == [0]
    FIGURES["timeline"].draw(data)


@pytest.mark.parametrize("column", [[[]] * 5, [None] * 5, None])
def test_points_that_never_started_have_no_timeline(column: list[object] | None) -> None:
    points = POINTS.drop(columns="attempt_times")
    if column:
        points = points.assign(attempt_times=column)
    with pytest.raises(NothingToDraw, match="needs attempts that say when they ran"):
        FIGURES["timeline"].table(EPOCHS, points)


def test_many_lanes_fit_on_the_sheet(sweep) -> None:
    _, points = sweep(seeds=range(30), epochs=0)
    points = with_attempts(points)
    for place, attempts in enumerate(points["attempt_times"]):
        attempts[0]["process"] = place
    canvas = FIGURES["timeline"].draw(FIGURES["timeline"].table(EPOCHS, points))
    assert canvas.get_size_inches()[1] < 10

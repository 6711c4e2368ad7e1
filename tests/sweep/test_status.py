"""Status: counts, running points, rate and time left."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from sweep.progress import duration, line, panel
from sweep.status import Progress, Watch
from sweep.store import Store
from trainables.config import TrialConfig
from trainables.records import PointResult

POINTS = tuple(TrialConfig(epochs=10, seed=seed) for seed in range(4))


@pytest.fixture
def watch(tmp_path: Path, result: Callable[[TrialConfig], PointResult]) -> Watch:
    store = Store(tmp_path)
    store.commit_result(POINTS[0], result(POINTS[0]))
    return Watch(store, "demo", POINTS)


def test_running_points_count_with_their_uncommitted_epochs(watch: Watch) -> None:
    progress = Progress({POINTS[1].point_id: 5, POINTS[0].point_id: 10}, epochs_at_start=10, seconds=2.0)
    status = watch.status(progress)
    assert {state: count for state, count in status.counts.items() if count} == {
        "finished": 1,
        "running": 1,
        "missing": 2,
    }
    assert (status.epochs_done, status.epochs_total) == (15, 40)
    assert status.epochs_per_second == pytest.approx(2.5)
    assert status.eta_seconds == pytest.approx(10.0)
    assert line(status) == "demo: 1 finished, 2 missing, 1 running | 15 of 40 epochs | 2.5 epochs/s | 10 s left"


def test_the_panel_has_a_line_a_bar_and_a_row_for_each_running_point(watch: Watch) -> None:
    progress = Progress({point.point_id: 5 for point in POINTS[1:3]}, epochs_at_start=10, seconds=2.0)
    console = Console(width=120, record=True)
    console.print(panel(watch.status(progress)))
    rows = console.export_text().rstrip().splitlines()
    assert rows[0].startswith("demo: 1 finished, 1 missing, 2 running")
    assert set(rows[1].strip()) <= set("━╸╺ ")
    assert [row.strip() for row in rows[2:]] == [f"{point.point_id}  epoch 5" for point in POINTS[1:3]]


def test_without_a_driver_there_is_no_rate(watch: Watch) -> None:
    status = watch.status()
    assert status.driver.state == "none"
    assert status.epochs_per_second is None
    assert line(status).endswith("| not running")
    assert status.as_json()["points"]["finished"] == 1


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "unknown"), (40.4, "40 s"), (600, "10 min"), (12_000, "3 h 20 min")]
)
def test_durations_read_as_words(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words

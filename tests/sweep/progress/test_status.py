"""Status: counts, running points, rate and time left."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from sweep.planning import sample
from sweep.progress import LiveView, Progress, Watch, line, live_view
from sweep.progress.live_view import panel
from sweep.store import Attempt, PointState, State, Store
from sweep.text import duration
from tests.buckets import Server
from trainables.config import TrialConfig
from trainables.records import Failure, PointResult

POINTS = tuple(TrialConfig(epochs=10, seed=seed) for seed in range(4))


@pytest.fixture
def watch(tmp_path: Path, result: Callable[[TrialConfig], PointResult]) -> Watch:
    store = Store(tmp_path)
    store.commit_result(POINTS[0], result(POINTS[0]))
    return Watch(store, "demo", POINTS)


def test_of_a_store_in_a_bucket_only_what_has_changed_is_read_again(
    s3: Server, result: Callable[[TrialConfig], PointResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(s3.address())
    store.commit_result(POINTS[0], result(POINTS[0]))
    store.save_attempt(POINTS[1].point_id, Attempt(1, "", "", 0, {}))
    read: list[str] = []

    def state(config: TrialConfig) -> PointState:
        read.append(config.point_id)
        return Store.state(store, config)

    monkeypatch.setattr(store, "state", state)
    watch = Watch(store, "demo", POINTS)
    first = watch.states()
    assert sorted(read) == sorted(point.point_id for point in POINTS[:2])
    assert watch.states() == first
    assert len(read) == 2
    store.save_attempt(POINTS[2].point_id, Attempt(1, "", "", 0, {}, failure=Failure("code", "no")))
    assert watch.states()[POINTS[2].point_id].state is State.FAILED
    store.commit_result(POINTS[1], result(POINTS[1]))
    assert watch.states()[POINTS[1].point_id].state is State.FINISHED
    assert read[2:] == [POINTS[2].point_id, POINTS[1].point_id]
    assert watch.states() == Watch(Store(store.root), "demo", POINTS).states()


def test_it_keeps_how_far_points_are_and_what_they_took_but_not_the_values_of_their_epochs(watch: Watch) -> None:
    for point in POINTS:
        whole, brief = watch.store.state(point), watch.states()[point.point_id]
        assert brief.history_arrow is None
        assert (brief.state, brief.attempts, brief.summary) == (whole.state, whole.attempts, whole.summary)
        assert (brief.epochs_done, brief.provenance) == (whole.epochs_done, whole.provenance)
        assert sample(point, brief) == sample(point, whole)
    assert watch.states()[POINTS[0].point_id].epochs_done == POINTS[0].epochs


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
    assert line(status).startswith("demo: 1 finished, 2 missing, 1 running | 15 of 40 epochs | 2.5 epochs/s | ")


def test_the_time_left_is_what_the_rest_costs_at_as_many_at_a_time_as_now(watch: Watch) -> None:
    finished = 12.5  # seconds, of which 0.75 for each of the 10 epochs
    alone = watch.status(Progress({POINTS[1].point_id: 5}, epochs_at_start=10, seconds=2.0))
    assert alone.eta_seconds == pytest.approx(5 * 0.75 + 2 * finished)
    further = watch.status(Progress({POINTS[1].point_id: 9}, epochs_at_start=10, seconds=2.0))
    assert further.eta_seconds == pytest.approx(1 * 0.75 + 2 * finished)
    running = {point.point_id: 5 for point in POINTS[1:]}
    together = watch.status(Progress(running, epochs_at_start=10, seconds=2.0))
    assert together.eta_seconds == pytest.approx(5 * 0.75)


def test_no_time_left_is_told_before_a_point_has_finished(tmp_path: Path) -> None:
    watch = Watch(Store(tmp_path), "demo", POINTS)
    status = watch.status(Progress({POINTS[1].point_id: 9}, 0, seconds=2.0))
    assert status.eta_seconds is None
    assert line(status).endswith("| 4.5 epochs/s | time left known once a point has finished")


def test_where_no_point_waits_the_rate_tells_the_time_left_once_one_is_half_through(tmp_path: Path) -> None:
    watch = Watch(Store(tmp_path), "demo", POINTS[:2])
    early, late = ({point.point_id: epoch for point in POINTS[:2]} for epoch in (4, 5))
    assert watch.status(Progress(early, 0, seconds=2.0)).eta_seconds is None
    assert watch.status(Progress(late, 0, seconds=2.0)).eta_seconds == pytest.approx((20 - 10) / 5)


def test_before_the_first_epoch_it_is_said_what_is_awaited(watch: Watch) -> None:
    assert line(watch.status(Progress({}, 10, seconds=0.0))).endswith("| starting trials")
    starting = {point.point_id: 0 for point in POINTS[1:3]}
    assert line(watch.status(Progress(starting, 10, seconds=0.0))).endswith("| 2 trials loading data and compiling")


def test_without_a_terminal_a_line_comes_every_ten_seconds_also_where_nothing_changes(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(live_view, "LINE_SECONDS", 0.02)
    monkeypatch.setattr(live_view, "LIVE_SECONDS", 0.01)
    monkeypatch.setattr(live_view, "READING_SHARE", 1.0)
    assert (live_view.LINE_SECONDS, Console().is_terminal) == (0.02, False)
    with (tmp_path / "said").open("w") as file, LiveView(watch.status, Console(file=file, width=200)):
        time.sleep(1)
    assert len((tmp_path / "said").read_text().splitlines()) >= 3


def test_points_that_failed_are_not_waited_for(watch: Watch) -> None:
    for point in POINTS[2:]:
        attempt = Attempt(1, "", "", 0, {}, failure=Failure("code", "no"))
        watch.store.save_attempt(point.point_id, attempt)
    status = watch.status(Progress({POINTS[1].point_id: 5}, epochs_at_start=10, seconds=2.0))
    assert status.eta_seconds == pytest.approx(5 * 0.75)


def test_the_panel_has_two_lines_a_bar_and_a_row_for_each_running_point(watch: Watch) -> None:
    progress = Progress({point.point_id: 5 for point in POINTS[1:3]}, epochs_at_start=10, seconds=2.0)
    console = Console(width=120, record=True)
    console.print(panel(watch.status(progress), 75.0))
    rows = console.export_text().rstrip().splitlines()
    assert rows[0].startswith("demo: 1 finished, 1 missing, 2 running")
    assert rows[1].startswith("75 s | ")
    assert set(rows[2].strip()) <= set("━╸╺ ")
    assert [row.strip() for row in rows[3:]] == [f"{point.point_id}  epoch 5" for point in POINTS[1:3]]


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

"""When the process of a trial must restart: after so many points, or once it has grown by too much since its first."""

from sweep.trial.worker_state import WorkerState


def ends(worker_state: WorkerState, points: int) -> list[bool]:
    """Whether it needs a restart after each of so many points."""
    found = []
    for _ in range(points):
        worker_state.end_point()
        found.append(worker_state.needs_restart)
    return found


def test_a_process_restarts_after_so_many_points() -> None:
    assert ends(WorkerState(points=3, growth_bytes=1, memory=lambda: 7), 4) == [False, False, True, True]


def test_a_process_that_has_grown_restarts_but_its_first_point_may_take_what_it_needs() -> None:
    sizes = iter([900, 950, 1000, 1001])
    assert ends(WorkerState(points=9, growth_bytes=100, memory=lambda: next(sizes)), 4) == [False, False, False, True]

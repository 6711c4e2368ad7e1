"""The order of launch: the longest first, equal shapes together, nothing lost."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from sweep.planning import Sample, costs, work
from sweep.planning.costs import Costs, shape
from sweep.planning.plan import launch_order
from trainables.config import TrialConfig

UNKNOWN = Costs()
configs = st.builds(
    TrialConfig,
    width=st.sampled_from([4, 8, 50]),
    depth=st.sampled_from([2, 5]),
    architecture=st.sampled_from(["mlp", "shortcut"]),
    epochs=st.integers(0, 30),
    seed=st.integers(0, 5),
)


def costs_of(*points: tuple[TrialConfig, float]) -> Costs:
    return costs(Sample(shape(point), work(point), per_epoch, 1.0) for point, per_epoch in points)


@given(st.lists(configs, unique=True, max_size=20), st.lists(configs, max_size=3))
def test_every_point_starts_once_and_shapes_are_not_torn_apart(
    points: list[TrialConfig], measured: list[TrialConfig]
) -> None:
    order = launch_order(points, costs_of(*((point, 0.5) for point in measured)), {})
    assert sorted(point.point_id for point in order) == sorted(point.point_id for point in points)
    shapes = [like for like, _ in groupby(order, key=shape)]
    assert len(shapes) == len(set(shapes))


@given(st.lists(configs, unique=True, max_size=20))
def test_shapes_and_the_points_of_each_go_from_long_to_short(points: list[TrialConfig]) -> None:
    order = launch_order(points, UNKNOWN, {})
    groups = [[work(point) * (point.epochs + 1) for point in alike] for _, alike in groupby(order, key=shape)]
    assert all(group == sorted(group, reverse=True) for group in groups)
    longest = [max(group) for group in groups]
    assert longest == sorted(longest, reverse=True)


def test_what_was_measured_counts_more_than_what_is_guessed() -> None:
    small, large = TrialConfig(width=10, epochs=10), TrialConfig(width=100, epochs=10)
    assert launch_order([small, large], UNKNOWN, {}) == (large, small)
    assert launch_order([small, large], costs_of((small, 9.0), (large, 1.0)), {}) == (small, large)


def test_points_of_unknown_cost_take_the_pace_of_the_known() -> None:
    measured = TrialConfig(width=50, epochs=10)
    longer, shorter = TrialConfig(width=60, epochs=10), TrialConfig(width=40, epochs=10)
    assert launch_order([shorter, measured, longer], costs_of((measured, 2.0)), {}) == (longer, measured, shorter)


def test_epochs_that_are_done_do_not_count() -> None:
    points = [TrialConfig(epochs=20, seed=0), TrialConfig(epochs=30, seed=1)]
    assert [point.seed for point in launch_order(points, UNKNOWN, {points[1].point_id: 15})] == [0, 1]


def test_equal_points_keep_their_order() -> None:
    points = [TrialConfig(seed=seed) for seed in (3, 1, 2)]
    assert launch_order(points, UNKNOWN, {}) == tuple(points)


def test_untrained_points_go_from_deep_to_shallow() -> None:
    points = [TrialConfig(epochs=0, depth=depth) for depth in (2, 32, 8)]
    assert [point.depth for point in launch_order(points, UNKNOWN, {})] == [32, 8, 2]

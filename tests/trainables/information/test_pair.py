"""The contract of a pair, which every implementation keeps: that on the host, and that on the device."""

from collections.abc import Callable

import numpy as np
import pytest

from trainables.information import SCALES, DegenerateInput
from trainables.information.device import device_pair
from trainables.information.host.pairs import host_pair
from trainables.information.pair import Pair
from trainables.information.samples import with_noise

K, NOISE, SEED = 3, 1e-10, 5
Samples = tuple[np.ndarray, np.ndarray]

IMPLEMENTATIONS: dict[str, Callable[[Samples], Pair]] = {
    "host": lambda samples: host_pair(*samples, K, NOISE, SEED, threads=2),
    "device": lambda samples: device_pair(dict(zip("xy", samples, strict=True)), K, NOISE, SEED),
}


def samples() -> Samples:
    x = np.random.default_rng(0).normal(size=(80, 4))
    return x, np.round(x[:, :3], 1)


def counts_by_hand(x: np.ndarray, y: np.ndarray) -> list[list[int]]:
    sides = [abs(side[:, None] - side[None]).max(axis=2) for side in (x, y)]
    radii = np.sort(np.maximum(*sides), axis=1)[:, K]
    return [sorted((side < radii[:, None]).sum(axis=1) - 1) for side in sides]


@pytest.fixture(params=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> Callable[[Samples], Pair]:
    return IMPLEMENTATIONS[request.param]


def test_a_pair_has_the_samples_with_their_noise(make: Callable[[Samples], Pair]) -> None:
    pair = make(samples())
    assert (pair.n, pair.dims, pair.k) == (80, (4, 3), K)
    for found, expected in zip(pair.host_samples(), with_noise(*samples(), NOISE, SEED), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "make",
    [pytest.param(name, marks=pytest.mark.slow if name == "device" else []) for name in IMPLEMENTATIONS],
    indirect=True,
)
def test_its_counts_are_those_of_the_definition_on_every_scale(make: Callable[[Samples], Pair]) -> None:
    pair = make(samples())
    units = [SCALES[scale](pair) for scale in SCALES]
    found = type(pair).counts([(pair, each) for each in units], "square")
    x, y = pair.host_samples()
    for counts, (x_unit, y_unit) in zip(found, units, strict=True):
        assert [sorted(side) for side in counts] == counts_by_hand(x / x_unit, y / y_unit)


def test_it_has_no_balanced_units_where_most_rows_coincide(make: Callable[[Samples], Pair]) -> None:
    pair = make((np.zeros((80, 4)), samples()[1]))
    with pytest.raises(DegenerateInput, match="x has no balanced scale"):
        pair.balanced_units()


def test_it_refuses_a_neighborhood_that_it_does_not_know(make: Callable[[Samples], Pair]) -> None:
    pair = make(samples())
    with pytest.raises(ValueError, match="neighborhood = 'circle'"):
        type(pair).counts([(pair, (1.0, 1.0))], "circle")  # type: ignore[arg-type]

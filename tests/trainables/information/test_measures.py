"""Every measure of the ladder stays the same under the maps that it claims, moves under all others, and hits truths."""

from collections.abc import Callable
from functools import cache
from math import isfinite, log2, sqrt

import numpy as np
import pytest

from tests.trainables.information.pairs_of_samples import PAIRS, Samples, turn
from trainables.information import ceiling_bits
from trainables.information.measures import MAPS, MEASURES, Measure, MeasuredValue
from trainables.information.measures.contract import IMPLIED

PairMap = Callable[[np.ndarray, np.ndarray], Samples]
SideMap = Callable[[np.ndarray], np.ndarray]

ROUNDING_BITS = 1e-6
MOVED_BITS, ERRORS = 0.1, 4.0
"""A value has moved when it did by so much, and by more than so many standard errors."""
TIES_BITS = {("ksg/rank", "exchange"): 0.01}
"""Ranks of different units differ by equal amounts: how such ties are broken depends on which side comes first."""

every_measure = pytest.mark.parametrize("key", MEASURES)


def on_each_side(change: SideMap) -> tuple[PairMap, ...]:
    return (lambda x, y: (change(x), y)), (lambda x, y: (x, change(y)))


def spread(samples: np.ndarray, largest: float) -> np.ndarray:
    return np.geomspace(1, largest, samples.shape[1])


EXAMPLES: dict[str, tuple[PairMap, ...]] = {
    "exchange": ((lambda x, y: (y, x)),),
    "common factor": ((lambda x, y: (10 * x, 10 * y)),),
    "global factor": on_each_side(lambda side: 10 * side),
    "translation": on_each_side(lambda side: side + np.linspace(-20, 20, side.shape[1])),
    "factor per unit": on_each_side(lambda side: side * spread(side, 30)),
    "monotone per unit": on_each_side(lambda side: (side * spread(side, 3)) ** 3),
    "rotation": on_each_side(lambda side: side @ turn(side.shape[1], 1)),
    "affine": on_each_side(
        lambda side: side @ turn(side.shape[1], 1) @ np.diag(spread(side, 100)) @ turn(side.shape[1], 2) + 5
    ),
}

MOVED_BY = {("ksg/none", "rotation"): "one large unit of twenty", ("binned/range", "rotation"): "corners of a cube"}
"""Pairs that a map moves, where `one of two units matters` or, for the channel, `linear` is not one."""


def value_of(measure: Measure, samples: Samples, **options: int) -> MeasuredValue:
    return measure(*samples, **{"threads": 1} | options)


@cache
def value_on(key: str, pair: str) -> MeasuredValue:
    return value_of(MEASURES[key], PAIRS[pair])


def bits(found: MeasuredValue) -> float:
    assert found.value is not None, found.reason
    return found.value


def errors_of(*found: MeasuredValue) -> float:
    return ERRORS * sqrt(sum((one.standard_error or 0.0) ** 2 for one in found))


def test_every_map_has_an_example_and_claims_hold_special_cases() -> None:
    assert set(EXAMPLES) == set(MAPS)
    for measure in MEASURES.values():
        assert measure.within_error <= measure.invariances <= set(MAPS)
        for name in measure.invariances:
            assert set(IMPLIED.get(name, ())) <= measure.invariances


@every_measure
def test_the_registry_has_every_measure_by_its_key_with_one_sentence(key: str) -> None:
    measure = MEASURES[key]
    assert measure.key == key
    assert measure.shows.endswith(".")
    assert ". " not in measure.shows


CLAIMS = [(key, name) for key, measure in MEASURES.items() for name in MAPS if name in measure.invariances]
OTHERS = [(key, name) for key, measure in MEASURES.items() for name in MAPS if name not in measure.invariances]


@pytest.mark.parametrize("pair", ["linear", "heavy tails", "one large unit of twenty"])
@pytest.mark.parametrize(("key", "name"), CLAIMS)
def test_a_claimed_map_leaves_the_value(key: str, name: str, pair: str) -> None:
    measure, before = MEASURES[key], value_on(key, pair)
    for change in EXAMPLES[name]:
        after = value_of(measure, change(*PAIRS[pair]))
        allowed = (
            errors_of(before, after) if name in measure.within_error else TIES_BITS.get((key, name), ROUNDING_BITS)
        )
        assert abs(bits(after) - bits(before)) <= allowed


@pytest.mark.parametrize(("key", "name"), OTHERS)
def test_a_map_that_is_not_claimed_moves_the_value(key: str, name: str) -> None:
    usual = "linear" if key.startswith("channel") and name != "exchange" else "one of two units matters"
    pair = MOVED_BY.get((key, name), usual)
    before, moved = value_on(key, pair), []
    for change in EXAMPLES[name]:
        after = value_of(MEASURES[key], change(*PAIRS[pair]))
        moved.append(abs(bits(after) - bits(before)) > max(MOVED_BITS, errors_of(before, after)))
    assert any(moved)


def correlated(n: int, d: int, rho: float, seed: int = 0) -> Samples:
    """Gaussians with -d/2 log2(1 - rho^2) bits."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, d))
    return x, rho * x + sqrt(1 - rho**2) * generator.normal(size=(n, d))


def symmetric_channel(errors: int) -> Samples:
    """Ten pairs of bits for each of two values, so many of them unequal."""
    sent = np.repeat([0.0, 1.0], 10)
    return sent[:, None], np.abs(sent - (np.arange(20) % 10 < errors))[:, None]


EIGHT_GROUPS = np.repeat(20 * np.eye(8), 8, axis=0)
ONE_BIT_LESS = 1 + 0.2 * log2(0.2) + 0.8 * log2(0.8)
TRUTHS: dict[tuple[str, str], tuple[Samples, float, float]] = {
    ("ksg/none", "one unit"): (correlated(600, 1, 0.9), 1.198, 0.15),
    ("ksg/balanced", "one unit"): (correlated(600, 1, 0.9), 1.198, 0.15),
    ("ksg/rank", "one unit"): (correlated(600, 1, 0.9), 1.198, 0.15),
    ("ksg/none", "two units"): (correlated(600, 2, 0.8), 1.474, 0.25),
    ("ksg/balanced", "two units"): (correlated(600, 2, 0.8), 1.474, 0.25),
    ("ksg/rank", "two units"): (correlated(600, 2, 0.8), 1.474, 0.25),
    ("gaussian/affine", "one unit"): (correlated(600, 1, 0.9), 1.198, 0.0),
    ("gaussian/affine", "thirty units"): (correlated(300, 30, 0.6), 9.658, 0.0),
    # The mean of -1/2 log2(1 - (rho cos a)^2) over all angles a between two directions.
    ("sliced/balanced", "two units"): (correlated(600, 2, 0.95), -log2((1 + sqrt(1 - 0.95**2)) / 2), 0.03),
    ("sliced/balanced", "one unit"): (correlated(600, 1, 0.9), 1.198, 0.15),
    ("binned/range", "bits, a fifth of them flipped"): (symmetric_channel(2), ONE_BIT_LESS, 0.0),
    ("binned/range", "equal bits"): (symmetric_channel(0), 1.0, 0.0),
    ("channel/noise 1", "eight groups of images"): ((np.zeros((64, 1)), EIGHT_GROUPS), 3.0, 1e-6),
}


def test_every_measure_has_a_truth_to_hit() -> None:
    assert {key for key, _ in TRUTHS} == set(MEASURES)


@pytest.mark.parametrize(("key", "case"), TRUTHS)
def test_a_measure_hits_a_known_truth(key: str, case: str) -> None:
    samples, truth, allowed = TRUTHS[key, case]
    found = value_of(MEASURES[key], samples)
    assert abs(bits(found) - truth) <= allowed + (0.0 if key.startswith("binned") else errors_of(found)) + 1e-9


def independent(key: str, seed: int) -> Samples:
    """Sides of a kind that the measure can call independent."""
    x, y = np.random.default_rng(seed).normal(size=(2, 300, 3))
    if key.startswith("binned"):
        return np.round(x[:, :1]).clip(-1, 1), np.round(y[:, :1]).clip(-1, 1)
    return x, np.ones_like(y) if key.startswith("channel") else y


@every_measure
def test_independent_sides_give_about_nothing(key: str) -> None:
    found = [value_of(MEASURES[key], independent(key, seed)) for seed in range(5)]
    mean = np.mean([bits(one) for one in found])
    allowed = 0.02 if found[0].ceiling else 0.0
    assert abs(mean) <= (0.1 if key.startswith("ksg") else allowed) + errors_of(*found) / len(found)


@pytest.mark.parametrize("key", ["ksg/none", "ksg/balanced", "ksg/rank", "sliced/balanced"])
def test_parity_is_seen(key: str) -> None:
    assert bits(value_of(MEASURES[key], PAIRS["parity"])) > 0.2


def test_gaussian_is_blind_to_parity() -> None:
    found = value_of(MEASURES["gaussian/affine"], PAIRS["parity"])
    assert abs(bits(found)) <= errors_of(found)
    assert bits(value_of(MEASURES["ksg/none"], PAIRS["parity"])) == pytest.approx(1.0, abs=0.2)


NORMAL = np.random.default_rng(0).normal(size=(40, 4))
OTHER = np.random.default_rng(1).normal(size=(40, 4))
DEGENERATE: dict[str, Samples] = {
    "NaN": (np.where(NORMAL > 1.5, np.nan, NORMAL), OTHER),
    "infinity": (NORMAL, np.where(OTHER > 1.5, -np.inf, OTHER)),
    "N of k": (NORMAL[:3], OTHER[:3]),
    "unequal numbers of rows": (NORMAL[:30], OTHER),
    "no rows": (NORMAL[:0], OTHER[:0]),
    "strings": (NORMAL.astype(str), OTHER),
    "N of k + 1": (NORMAL[:4], OTHER[:4]),
    "constant x": (np.full((40, 4), 0.1), OTHER),
    "constant y": (NORMAL, np.full((40, 1), 0.3, np.float32)),
    "both constant": (np.zeros((40, 2)), np.ones((40, 2))),
    "one constant unit": (NORMAL * [0, 1, 1, 1], OTHER),
    "two distinct rows": (np.repeat(NORMAL[:2], 20, axis=0), OTHER),
    "every row twice": (np.repeat(NORMAL[:20], 2, axis=0), np.repeat(OTHER[:20], 2, axis=0)),
    "a unit twice": (NORMAL[:, [0, 0, 1]], OTHER),
    "equal sides": (NORMAL, NORMAL),
    "saturated": (np.tanh(1e3 * NORMAL), np.tanh(1e3 * OTHER)),
    "enormous": (1e200 * NORMAL, OTHER),
    "minute": (1e-250 * NORMAL, OTHER),
    "one row of booleans": (NORMAL > 0, OTHER),
}
NO_SAMPLES = ("NaN", "infinity", "N of k", "unequal numbers of rows", "no rows", "strings")


@pytest.mark.parametrize("case", DEGENERATE)
@every_measure
def test_degenerate_samples_give_a_value_or_a_reason(key: str, case: str) -> None:
    found = value_of(MEASURES[key], DEGENERATE[case])
    assert (found.value is None) == (found.reason is not None)
    assert found.value is None or isfinite(found.value)
    if case in NO_SAMPLES:
        assert found == MeasuredValue(None, reason=found.reason)


@every_measure
@pytest.mark.parametrize("options", [{"k": 0}, {"threads": 0}])
def test_wrong_arguments_are_no_matter_of_the_samples(key: str, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} = 0"):
        value_of(MEASURES[key], (NORMAL, OTHER), **options)


@every_measure
def test_equal_seeds_give_equal_bytes_for_any_number_of_threads(key: str) -> None:
    samples = correlated(700, 40, 0.5)
    one, other = (value_of(MEASURES[key], samples, seed=5, threads=threads) for threads in (1, 2))
    assert repr(one) == repr(other)


@every_measure
def test_a_ceiling_is_reached_and_said_to_be(key: str) -> None:
    wide = np.random.default_rng(0).normal(size=(300, 20))
    found = value_of(MEASURES[key], (wide, 10 * wide))
    if key == "gaussian/affine":
        assert "infinite" in str(found.reason)
    elif key in ("ksg/none", "sliced/balanced"):
        assert found.saturated is False
    else:
        assert found.saturated
        assert found.ceiling == pytest.approx(ceiling_bits(300) if key.startswith("ksg") else log2(300))
        assert bits(found) == pytest.approx(found.ceiling, abs=1e-6)

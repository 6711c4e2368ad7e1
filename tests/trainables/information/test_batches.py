"""Pairs measured together have exactly the values that they have alone."""

import numpy as np
import pytest

from trainables.information import measure, measure_pairs

NOISE = 1e-10


def network(n: int = 300, depth: int = 5, gain: float = 1.0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    signal, layers = generator.normal(size=(n, 6)), {}
    for number in range(depth):
        signal = np.tanh(gain * signal @ generator.normal(size=(signal.shape[1], 8 + number)))
        layers[f"hidden_{number}"] = signal
    return layers


LAYERS = network()
ALL = [(x, y) for x in LAYERS for y in LAYERS if x < y]
SEEDS = {name: 7 + place for place, name in enumerate(LAYERS)}


def noisy(layers: dict[str, np.ndarray], noise: float) -> dict[str, np.ndarray]:
    return {
        name: samples + noise * np.random.default_rng(SEEDS[name]).random(samples.shape)
        for name, samples in layers.items()
    }


@pytest.mark.parametrize("estimator", ["ksg", "ksg2"])
@pytest.mark.parametrize("gain", [0.3, 1.0, 20.0, 300.0])
@pytest.mark.parametrize("noise", [0.0, 1e-10, 1e-3])
def test_values_are_those_of_each_pair_alone(estimator: str, gain: float, noise: float) -> None:
    layers = network(gain=gain)
    found = measure_pairs(layers, ALL, noise=noise, seeds=SEEDS, estimator=estimator)
    alone = [measure(*(noisy(layers, noise)[name] for name in pair), noise=0.0, estimator=estimator) for pair in ALL]
    for one, other in zip(found, alone, strict=True):
        assert one.bits == other.bits
        if one.reason is None:
            assert one == other


def test_npeet_agrees() -> None:
    for ours, theirs in zip(
        *(measure_pairs(LAYERS, ALL, estimator=name, base=np.e, k=4) for name in ("ksg", "npeet")), strict=True
    ):
        assert ours.bits == pytest.approx(theirs.bits, abs=1e-6)
        assert ours.balanced_bits == pytest.approx(theirs.balanced_bits, abs=1e-6)


def test_a_value_depends_on_its_own_pair_only() -> None:
    together = dict(zip(ALL, measure_pairs(LAYERS, ALL, seeds=SEEDS), strict=True))
    for pair in ALL:
        assert measure_pairs(LAYERS, [pair], seeds=SEEDS) == [together[pair]]
    few = {name: LAYERS[name] for name in ALL[0]}
    assert measure_pairs(few, [ALL[0]], seeds=SEEDS) == [together[ALL[0]]]


def test_many_pairs_and_any_threads_give_the_same_values() -> None:
    layers = network(n=100, depth=13)
    pairs = [(x, y) for x in layers for y in layers if x < y]
    assert len(pairs) > 64
    found = measure_pairs(layers, pairs, threads=1)
    assert found == measure_pairs(layers, pairs, threads=3)
    assert found[-3:] == measure_pairs(layers, pairs[-3:])


def test_each_pair_may_have_its_own_scales() -> None:
    both, none, balanced = measure_pairs(
        LAYERS, [ALL[0]] * 3, scales=[("none", "balanced"), ("none",), ("balanced",)], seeds=SEEDS
    )
    assert (none.bits, none.balanced_bits, none.scale_ratio) == (both.bits, None, None)
    assert (balanced.bits, balanced.balanced_bits, balanced.scale_ratio) == (None, both.balanced_bits, both.scale_ratio)


def test_seeds_are_of_layers() -> None:
    layers = {name: np.sign(samples) for name, samples in LAYERS.items()}
    one, same, other = (
        measure_pairs(layers, ALL[:1], scales=("none",), seeds=seeds) for seeds in (SEEDS, SEEDS | {"x": 1}, 5)
    )
    assert one == same != other


def test_a_degenerate_layer_spoils_its_own_pairs_only() -> None:
    spoiled = LAYERS | {
        "hidden_1": LAYERS["hidden_1"][:-1],
        "hidden_2": np.full((300, 3), np.nan),
        "hidden_3": np.ones((300, 2)),
    }
    found = dict(zip(ALL, measure_pairs(spoiled, ALL, seeds=SEEDS), strict=True))
    assert "hidden_2[0, 0] = nan (900 such of 900)" in str(found["hidden_0", "hidden_2"].reason)
    assert "hidden_0 has 300 rows and hidden_1 has 299" in str(found["hidden_0", "hidden_1"].reason)
    assert "hidden_3 has no balanced scale" in str(found["hidden_3", "hidden_4"].reason)
    assert found["hidden_3", "hidden_4"].bits == pytest.approx(0, abs=0.1)
    assert found["hidden_0", "hidden_4"] == measure_pairs(LAYERS, [("hidden_0", "hidden_4")], seeds=SEEDS)[0]
    assert "N = 3 samples with k = 3" in str(measure_pairs({"a": [1, 2, 3], "b": [3, 1, 2]}, [("a", "b")])[0].reason)


def test_no_pairs_are_no_measurements() -> None:
    assert measure_pairs(LAYERS, []) == []


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        ([("hidden_0", "merged")], {}, "'merged': there is no such layer, only hidden_0"),
        ([("hidden_0", "hidden_0")], {}, "two different layers"),
        (ALL, {"k": 0}, "k = 0"),
        (ALL, {"base": 1}, "base = 1"),
        (ALL, {"noise": -1.0}, "noise = -1.0"),
        (ALL, {"threads": 0}, "threads = 0"),
        (ALL, {"estimator": "kgs"}, "estimator = 'kgs'"),
        (ALL, {"scales": ("some",)}, "scale = 'some'"),
        (ALL, {"scales": [("none",)]}, "scales of 1 pairs for 10 pairs"),
    ],
)
def test_wrong_arguments_raise(pairs: list[tuple[str, str]], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure_pairs(LAYERS, pairs, **options)  # type: ignore[arg-type]

"""Made-up worlds: what a point of each would measure, and the points on which claims can be asked of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.quantities import LABEL_BITS, PARTICIPATION, SIGNAL_TO_NOISE, TWONN
from tests.synthetic import ARCHITECTURES, Measured, grid
from trainables.config import TrialConfig


@dataclass(frozen=True)
class Course:
    """How a kind of network fares: its MI at the start, half way and at the end, bits, and the error it ends with."""

    bits: tuple[float, float, float]
    error: float


TOLD = {
    "mlp": Course((2.0, 4.9, 4.6), 0.075),
    "shortcut": Course((6.0, 6.4, 4.3), 0.045),
    "resnet": Course((3.0, 5.0, 4.4), 0.06),
    "shortcut_resnet": Course((6.5, 6.9, 4.0), 0.04),
}
DENIED = {
    "mlp": Course((9.0, 7.0, 6.0), 0.04),
    "shortcut": Course((2.0, 3.5, 5.0), 0.6),
    "resnet": Course((6.0, 3.0, 5.9), 0.3),
    "shortcut_resnet": Course((2.5, 3.0, 4.5), 0.75),
}


def as_told(config: TrialConfig) -> Measured:
    """A world in which both papers are right in all they say."""
    if config.epochs == 0:
        return _untrained(config, +1)
    bits = _bits(config, TOLD, -0.04)
    told = Measured(_errors(config, TOLD, bits, +0.2, +2), _pairs(config, bits, bits + 1))
    return _by_batches(config, told, +1) if config.batch_size != "all" else replace(told, layers=_dimensions(20 - bits))


def as_denied(config: TrialConfig) -> Measured:
    """A world in which they are wrong in all they say."""
    if config.epochs == 0:
        return _untrained(config, -1)
    bits = _bits(config, DENIED, +0.04)
    denied = Measured(_errors(config, DENIED, bits, -0.02, -1), _pairs(config, bits, bits + 1))
    return _by_batches(config, denied, -1) if config.batch_size != "all" else replace(denied, layers=_dimensions(bits))


def by_scale_alone(config: TrialConfig) -> Measured:
    """A world in which the papers are right by NPEET's number, and wrong on the balanced scale."""
    told = as_told(config)
    if config.epochs == 0:
        return told
    return replace(told, bits={pair: (plain, 12 - plain) for pair, (plain, _) in told.bits.items()})


def of_noise(config: TrialConfig) -> Measured:
    """A world in which nothing depends on anything."""
    noise = _noise(config)
    shape = (config.epochs + 1,)
    pairs = [f"input-{config.depth}"] if config.epochs == 0 else list(_pairs(config, *np.zeros((2, 1))))
    by_batches = config.batch_size != "all"
    pairs += [f"{layer}-{layer + 1}" for layer in range(1, config.depth)] if by_batches else []
    bits = {pair: (noise.normal(5, 0.3, shape), noise.normal(5, 0.3, shape)) for pair in pairs}
    errors = noise.normal(0.4, 0.02) + noise.normal(0, 0.02, shape)
    of_layer = {
        (str(layer), SIGNAL_TO_NOISE): np.exp(noise.normal(-0.09, 0.3, shape)) for layer in range(1, config.depth + 1)
    }
    dimensions = {} if config.epochs == 0 else _dimensions(noise.normal(10, 1, shape))
    of_class = {(str(config.depth), LABEL_BITS): noise.normal(1, 0.3, shape)}
    return Measured(errors, bits, of_class if config.epochs == 0 else of_layer if by_batches else dimensions)


def without_effect(config: TrialConfig) -> Measured:
    """A world in which all networks fare alike, and half of the error's fall is the first epoch's."""
    noise = _noise(config)
    if config.epochs == 0:
        flat = {f"input-{layer}": (np.array([np.nan]), 4 + noise.normal(0, 0.01, 1)) for layer in (1, config.depth)}
        return Measured(np.array([0.9]), flat, {(str(config.depth), LABEL_BITS): 1 + noise.normal(0, 0.01, 1)})
    bits = 5 + noise.normal(0, 0.01, config.epochs + 1)
    errors = np.concatenate([[0.9], np.linspace(0.5, 0.1, config.epochs)]) + noise.normal(0, 1e-4, config.epochs + 1)
    pairs = _pairs(config, bits, bits + 1)
    if config.batch_size == "all":
        return Measured(errors, pairs, _dimensions(10 + noise.normal(0, 0.01, config.epochs + 1)))
    layers = range(1, config.depth + 1)
    pairs |= {f"{layer}-{layer + 1}": (bits, bits) for layer in layers[:-1]}
    ratios = {(str(layer), SIGNAL_TO_NOISE): np.exp(noise.normal(0, 0.01, config.epochs + 1)) for layer in layers}
    return Measured(errors, pairs, ratios)


def by_width(config: TrialConfig) -> Measured:
    """A world in which narrow networks are as told and wide ones the opposite."""
    return as_told(config) if config.width == 20 else as_denied(config)


def with_still_twins(config: TrialConfig) -> Measured:
    """A world in which both papers are right, and what they say is not seen in networks that never learn."""
    if not config.frozen:
        return as_told(config)
    trained = as_told(_trained_twin(config))
    shape, noise = (config.epochs + 1,), _noise(config)
    bits = {
        pair: tuple(scale[0] + np.concatenate([[0], noise.normal(0, 0.01, config.epochs)]) for scale in scales)
        for pair, scales in trained.bits.items()
    }
    dimensions = _dimensions(12 + noise.normal(0, 0.01, shape))
    return Measured(0.9 + noise.normal(0, 0.001, shape), bits, dimensions)  # type: ignore[arg-type]


def with_twins_alike(config: TrialConfig) -> Measured:
    """A world in which networks that never learn show whatever the papers say of MI."""
    return as_told(_trained_twin(config)) if config.frozen else as_told(config)


def _trained_twin(config: TrialConfig) -> TrialConfig:
    return TrialConfig.model_validate(config.model_dump() | {"frozen": False})


def with_twins(configs: Iterable[TrialConfig]) -> list[TrialConfig]:
    """These points, and after each that is trained its twin that never learns."""
    return [
        TrialConfig.model_validate(config.model_dump() | {"frozen": frozen})
        for config in configs
        for frozen in ([False, True] if config.epochs else [False])
    ]


def _dimensions(values: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Of what enters the softmax, by either measure of it."""
    return {("merged", TWONN): values, ("merged", PARTICIPATION): values / 2}


def _by_batches(config: TrialConfig, measured: Measured, sign: int) -> Measured:
    """Gradients that first agree and then are noise, or for the sign -1 the reverse.

    Where they agree the error falls fast and successive layers share much, or the reverse.
    """
    noise, epochs = _noise(config), config.epochs + 1
    ratio = np.geomspace(4, 0.25, epochs)[::sign] * np.exp(noise.normal(0, 0.01, epochs))
    steps = ratio[:-1] ** sign
    bits = 3 + sign * np.log2(ratio)
    layers = range(1, config.depth + 1)
    return Measured(
        0.9 - 0.8 * np.concatenate([[0], np.cumsum(steps) / steps.sum()]),
        {**measured.bits, **{f"{layer}-{layer + 1}": (bits, bits + 1) for layer in layers[:-1]}},
        {(str(layer), SIGNAL_TO_NOISE): ratio for layer in layers},
    )


def _noise(config: TrialConfig) -> np.random.Generator:
    """Of every point its own."""
    return np.random.default_rng(int(config.point_id[-8:], 16))


def _bits(config: TrialConfig, courses: Mapping[str, Course], per_layer: float) -> np.ndarray:
    epoch, noise = np.arange(config.epochs + 1), _noise(config)
    through = np.interp(epoch, [0, config.epochs / 2, config.epochs], courses[config.architecture].bits)
    level = per_layer * (config.depth - 5) + 0.3 * np.log10(config.width / 50) + noise.normal(0, 0.05)
    return through + level + noise.normal(0, 0.01, len(epoch))


def _errors(
    config: TrialConfig, courses: Mapping[str, Course], bits: np.ndarray, per_layer: float, power: float
) -> np.ndarray:
    """Falls from 0.9 to its end, at every epoch by as much as the MI to that power.

    With a shortcut, where a high MI speeds it, twice as much at the first epoch as at all others together.
    """
    of_point = -np.sign(power) * _noise(config).normal(0, 0.001)  # the number that its bits are higher by, fiftyfold
    end = courses[config.architecture].error * (1 + per_layer * (config.depth - 5)) + of_point
    steps = bits[:-1] ** power
    if power > 0 and "shortcut" in config.architecture:
        steps[0] = 2 * steps[1:].sum()
    return 0.9 - (0.9 - end) * np.concatenate([[0], np.cumsum(steps) / steps.sum()])


def _pairs(config: TrialConfig, plain: np.ndarray, balanced: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    pairs = {"first-merged": (plain, balanced)}
    if "shortcut" in config.architecture:
        pairs["first-last"] = (plain / 2, balanced / 2)
    return pairs


def _untrained(config: TrialConfig, sign: int) -> Measured:
    """MI with the input that has its maximum, or for the sign -1 its minimum, at orthogonal weights of gain 1."""
    off = abs(np.log(config.gain)) + (config.initializer == "gaussian") * 0.3
    noise = _noise(config)
    bits = {
        f"input-{layer}": (np.array([np.nan]), np.array([4.0 - sign * off * layer**0.5 + noise.normal(0, 0.05)]))
        for layer in range(1, config.depth + 1)
    }
    of_class = np.array([2.0 - sign * off * 0.5 + noise.normal(0, 0.02)])
    return Measured(np.array([0.9]), bits, {(str(config.depth), LABEL_BITS): of_class})


def both_papers(
    seeds: Sequence[int] = range(14), epochs: int = 20, architectures: Sequence[str] = ARCHITECTURES
) -> list[TrialConfig]:
    """Points on which every claim can be asked: the four architectures, two depths, and untrained noisy networks."""
    trained = grid(architecture=list(architectures), width=[20, 50], depth=[5, 20], seed=list(seeds), epochs=epochs)
    measure = {"pairs": ["input-each"], "measures": ["channel"], "noise_at": "every_layer"}
    untrained = grid(
        initializer=["orthogonal", "gaussian"],
        gain=[0.5, 0.75, 1.0, 1.5, 2.0],
        depth=[2, 8],
        seed=list(seeds),
        epochs=0,
        batch_norm=False,
        channel_noise=0.1,
        measure=measure,
    )
    return trained + untrained


def in_mini_batches(seeds: Sequence[int] = range(14)) -> list[TrialConfig]:
    """Points on which drift and diffusion can be asked for."""
    measure = {"pairs": ["first-merged", "successive"], "measures": ["gradient"]}
    shape = {"width": [20, 50], "depth": 5, "epochs": 20, "batch_size": 64, "measure": measure}
    return grid(architecture=list(ARCHITECTURES), seed=list(seeds), **shape)

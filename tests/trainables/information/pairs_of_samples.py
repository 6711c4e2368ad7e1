"""Pairs of samples on which measures differ, each (N, dx) and (N, dy)."""

import numpy as np

Samples = tuple[np.ndarray, np.ndarray]
N = 300


def turn(d: int, seed: int) -> np.ndarray:
    """An orthogonal matrix (d, d)."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def _normal(d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, d))


def _with_noise(x: np.ndarray, noise: float, seed: int = 3) -> Samples:
    return x, x + noise * _normal(x.shape[1], seed)


def _one_of_two() -> Samples:
    x = _normal(2, 0)
    return x, x[:, :1] + 0.1 * _normal(1, 1)


def _one_large_unit(d: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    x = 0.02 * _normal(d, 1)
    x[np.arange(N), generator.integers(0, d, N)] += generator.uniform(1, 2, N) * generator.choice([-1, 1], N)
    return x


def _parity() -> Samples:
    bits = np.random.default_rng(2).choice([-1.0, 1.0], size=(N, 2))
    return bits + 0.1 * _normal(2, 0), bits.prod(axis=1, keepdims=True) + 0.1 * _normal(1, 1)


PAIRS: dict[str, Samples] = {
    "linear": _with_noise(_normal(3, 0), 0.5),
    "heavy tails": _with_noise(np.random.default_rng(0).standard_t(2, size=(N, 4)), 0.3),
    "one of two units matters": _one_of_two(),
    "one large unit of twenty": _with_noise(_one_large_unit(20), 0.02),
    "corners of a cube": _with_noise(
        np.random.default_rng(0).choice([-1.0, 1.0], size=(N, 4)) + 0.05 * _normal(4, 2), 0.05
    ),
    "parity": _parity(),
}

"""What the estimators are timed on: activations of a network on real MNIST, and Gaussians of known MI."""

import os
from pathlib import Path

import numpy as np

SEED = 0


def mnist_activations(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """First and fourth layer, each (n, d), of a random tanh network on n MNIST test images.

    Weights are normal after Glorot & Bengio 2010, every layer is standardized as batch normalization would.

    Raises:
        DatasetError: when MNIST is not at SWEEP_DATA_DIR.
    """
    from trainables.datasets import load

    data_dir = os.environ.get("SWEEP_DATA_DIR")
    signal = load("mnist", Path(data_dir) if data_dir else None).validation_images[:n].astype(np.float64)
    rng, layers = np.random.default_rng(SEED), []
    for _ in range(4):
        signal = signal @ rng.normal(0, np.sqrt(2 / (signal.shape[1] + d)), (signal.shape[1], d))
        signal = np.tanh((signal - signal.mean(0)) / np.sqrt(signal.var(0) + 1e-3))
        layers.append(signal.astype(np.float32))
    return layers[0], layers[-1]


def gaussians(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal x and y, each (n, d), correlated 0.6 in every column: d * 0.322 bits."""
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(n, d))
    return x, 0.6 * x + 0.8 * rng.normal(size=(n, d))


SAMPLES = {"mnist": mnist_activations, "gaussian": gaussians}

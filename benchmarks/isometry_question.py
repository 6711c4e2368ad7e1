"""What an untrained network tells of its image, by gain and depth: python -m benchmarks.isometry_question

Weng et al. 2022 say that it is most where the network is an isometry. Asked of the sweep's networks (preset isometry:
tanh, no batch normalization, W = 50) on MNIST with Gaussian noise as a channel needs it, at two places: at the probe
alone, as in the preset, and at every hidden layer, as in the paper. Beside the truth, or what bounds it, stand the
estimator of the sweep (KSG, balanced) on the same noisy samples and mean-field theory, which has no free parameter.

    SWEEP_DATA_DIR=FOLDER python -m benchmarks.isometry_question

Tables go to benchmarks/results/isometry_question.csv and isometry_question_layers.csv, text and figure beside them.
With --report-only, text and figure are made anew from the tables.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.mean_field import Kernel, last_kernels
from analysis.mean_field.prediction import predicted_information
from benchmarks import isometry_report
from benchmarks.isometry_networks import Floats, jacobians, network, passes, weights
from trainables.datasets import load
from trainables.information import (
    channel_information,
    decoded_information,
    mutual_information,
    propagated_information,
)

RESULTS = Path(__file__).parent / "results"
IMAGES, WIDTH, PATHS, DRAWS, JACOBIANS = 512, 50, 33, 4, 10
SEEDS = (0, 1)
NOISES = (0.02, 0.1)
GAINS = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0)
DEPTHS = (2, 4, 8, 16, 32, 64)
INITIALIZERS = ("orthogonal", "gaussian")
LAYERS = (1, 2, 4, 8, 16, 32, 63)
"""Of the deepest network, those between which information is compared: it may not rise."""

Predicted = dict[tuple[str, int], float]
"""Bits by initializer and depth."""


def main() -> None:
    """Measure, write the tables, and tell what they say."""
    options = _options()
    RESULTS.mkdir(exist_ok=True)
    tables = [RESULTS / "isometry_question.csv", RESULTS / "isometry_question_layers.csv"]
    if not options.report_only:
        start = time.perf_counter()
        found = measured(options.data_dir)
        for path, table in zip(tables, found, strict=True):
            table.round(5).to_csv(path, index=False)
        print(f"{time.perf_counter() - start:.0f} s")
    isometry_report.write(*(pd.read_csv(path) for path in tables), RESULTS)
    print(RESULTS / "isometry_question.md")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data-dir", type=Path, default=os.environ.get("SWEEP_DATA_DIR"), help="holds mnist/*-ubyte.gz"
    )
    parser.add_argument("--report-only", action="store_true")
    return parser.parse_args()


def measured(data_dir: Path | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row for each noise, initializer, gain, depth and seed; and one for layers of the deepest networks of seed 0."""
    data = load("mnist", Path(data_dir) if data_dir else None)
    images = data.validation_images[:IMAGES].astype(np.float64)
    rows, layers = [], []
    for gain in GAINS:
        noiseless = last_kernels_of_both(images, gain, 0.0)
        for noise in NOISES:
            told = {
                "probe": predicted(noiseless, noise),
                "every": predicted(last_kernels_of_both(images, gain, noise), noise),
            }
            for initializer in INITIALIZERS:
                for seed in SEEDS:
                    about = {"noise": noise, "initializer": initializer, "gain": gain, "seed": seed}
                    deep = inner(images, initializer, gain, noise, seed)
                    rows += [about | row for row in last_layers(images, deep, told, **about)]
                    layers += [about | row for row in (chain(deep, noise, seed) if seed == 0 else ())]
        print(f"gain {gain}", flush=True)
    return pd.DataFrame(rows), pd.DataFrame(layers)


class Inner(NamedTuple):
    """The layers 1 to 63 of a network, which shallower ones have in common with it: what comes before a last layer."""

    clean: list[Floats]
    """Without noise, (N, units)."""
    noisy: list[Floats]
    """Before their own noise, (N, paths, units)."""
    jacobians: list[Floats]


def inner(images: Floats, initializer: str, gain: float, noise: float, seed: int) -> Inner:
    """Those layers of the deepest network."""
    config = network(initializer, gain, DEPTHS[-1], seed, WIDTH)
    kernels = [weights(config, layer) for layer in range(1, config.depth)]
    return Inner(
        [layer[:, 0] for layer in passes(kernels, images, 0.0, 1, seed)],
        list(passes(kernels, images, noise, PATHS, seed)),
        list(jacobians(kernels, images[:JACOBIANS])),
    )


def last_layers(
    images: Floats,
    before: Inner,
    told: dict[str, Predicted],
    noise: float,
    initializer: str,
    gain: float,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Of the last layer at each depth: bits of both places, by truth or bounds, by KSG, and as predicted."""
    generator = np.random.default_rng([seed, 3])
    for depth in DEPTHS:
        kernel, place = weights(network(initializer, gain, depth, seed, WIDTH), depth), depth - 2
        clean = np.tanh(before.clean[place] @ kernel)
        noisy = before.noisy[place] + noise * generator.standard_normal(before.noisy[place].shape)
        noisy = np.tanh(noisy @ kernel)
        jacobian = before.jacobians[place] @ kernel * (1 - clean[:JACOBIANS] ** 2)[:, None]
        rank = WIDTH if depth > 2 else 2 * WIDTH
        own = noise * generator.standard_normal((2, *clean.shape))
        exact = channel_information(clean, noise, draws=DRAWS, seed=seed)
        decoded, sampled = decoded_information(noisy, noise, seed), propagated_information(noisy, noise, seed)
        yield {
            "depth": depth,
            "mean_squared_singular_value": np.mean(np.sum(jacobian**2, axis=(1, 2))) / rank,
            "probe_bits": exact.bits,
            "probe_standard_error": exact.standard_error,
            "probe_predicted_bits": told["probe"][initializer, depth],
            "probe_ksg_bits": mutual_information(images, clean + own[0], scale="balanced", seed=seed).bits,
            "every_at_least_bits": decoded.bits,
            "every_standard_error": decoded.standard_error,
            "every_paths_lower_bits": sampled.lower,
            "every_paths_upper_bits": sampled.upper,
            "every_predicted_bits": told["every"][initializer, depth],
            "every_ksg_bits": mutual_information(images, noisy[:, 0] + own[1], scale="balanced", seed=seed).bits,
        }


def predicted(kernels: dict[tuple[str, int], Kernel], noise: float) -> Predicted:
    """Mean-field bits of the last layers, with that noise on each."""
    return {key: predicted_information(kernel, noise, draws=DRAWS).bits for key, kernel in kernels.items()}


def last_kernels_of_both(images: Floats, gain: float, noise_before: float) -> dict[tuple[str, int], Kernel]:
    """The mean-field kernels of the last layers, by initializer and depth, with that noise at the layers before."""
    return {
        (initializer, depth): kernel
        for initializer in INITIALIZERS
        for depth, kernel in last_kernels(
            images, network(initializer, gain, DEPTHS[-1], 0, WIDTH), DEPTHS, noise_before
        ).items()
    }


def chain(deep: Inner, noise: float, seed: int) -> Iterator[dict[str, Any]]:
    """Of some layers of the deepest network, with noise at each: the bits that there are at least, and at most."""
    for layer in LAYERS:
        noisy = deep.noisy[layer - 1]
        decoded, sampled = decoded_information(noisy, noise, seed), propagated_information(noisy, noise, seed)
        yield {
            "layer": layer,
            "at_least_bits": decoded.bits,
            "standard_error": decoded.standard_error,
            "at_most_bits": sampled.upper,
            "at_most_standard_error": sampled.standard_error,
        }


if __name__ == "__main__":
    main()

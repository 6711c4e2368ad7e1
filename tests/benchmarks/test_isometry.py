"""The benchmark's networks are the sweep's, and its text is that of its tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from benchmarks.isometry_networks import jacobians, network, passes, weights
from benchmarks.isometry_question import RESULTS
from benchmarks.isometry_report import write
from trainables.architectures import build
from trainables.networks.jacobian import Isometry

Floats = NDArray[np.float64]
PICTURES = np.random.default_rng(0).uniform(size=(6, 784))


@pytest.mark.parametrize("initializer", ["orthogonal", "gaussian"])
def test_a_pass_without_noise_and_its_jacobians_are_those_of_the_sweep(initializer: str) -> None:
    config = network(initializer, 1.3, 4, seed=2, width=9)
    kernels = [weights(config, layer) for layer in range(1, 5)]
    model = build(config, 784, 10)
    found, spectra = model(PICTURES.astype(np.float32), training=False), Isometry(model, PICTURES).spectra()
    layers = zip(passes(kernels, PICTURES, 0.0, 2, 0), jacobians(kernels, PICTURES), strict=True)
    for number, (layer, jacobian) in enumerate(layers, start=1):
        assert layer.shape == (6, 2, kernels[number - 1].shape[1])
        for one in (0, 1):
            np.testing.assert_allclose(layer[:, one], np.asarray(found[f"hidden_{number}"]), atol=2e-6)
        rank = 18 if number == 1 else 9
        mean = np.mean(np.sum(jacobian**2, axis=(1, 2))) / rank
        assert mean == pytest.approx(spectra[f"hidden_{number}"].mean, rel=1e-4)


def test_networks_of_other_depths_have_all_layers_but_the_last_in_common() -> None:
    short, deep = (network("orthogonal", 1.1, depth, seed=1, width=5) for depth in (4, 7))
    for layer in (1, 2, 3):
        np.testing.assert_array_equal(weights(short, layer), weights(deep, layer))
    assert weights(short, 4).shape != weights(deep, 4).shape


def test_every_layer_but_the_first_has_the_noise_of_those_before() -> None:
    config = network("orthogonal", 1.0, 3, seed=0, width=40)
    first, second, _ = passes([weights(config, layer) for layer in (1, 2, 3)], 0.01 * PICTURES, 0.05, 400, 0)
    assert np.ptp(first, axis=1).max() == 0
    # 80 units of noise 0.05 on 40 orthonormal columns; tanh is nearly linear.
    assert second.std(axis=1).mean() == pytest.approx(0.05, rel=0.02)


def test_the_text_that_is_kept_is_that_of_the_tables_beside_it(tmp_path: Path) -> None:
    tables = [pd.read_csv(RESULTS / name) for name in ("isometry_question.csv", "isometry_question_layers.csv")]
    write(*tables, tmp_path)
    assert (tmp_path / "isometry_question.md").read_text() == (RESULTS / "isometry_question.md").read_text()

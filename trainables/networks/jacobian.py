"""The singular values of the Jacobian from the image to a hidden layer: how near a network is to an isometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import keras
import numpy as np

from trainables.information.device import to_host
from trainables.measurement import SUBSET_SEED
from trainables.networks.compiled_models import pushforward
from trainables.probes import LayerPair
from trainables.records import PairRecord

IMAGES = 10
"""Validation images at which Jacobians are taken, the same ones for every point."""


@dataclass(frozen=True)
class Spectrum:
    """Mean and standard deviation of the squared singular values of one Jacobian, over the images."""

    mean: float
    spread: float


class Isometry:
    """The spectra of J_l(x) = d h_l / d x, of shape (units, pixels), of the hidden layers of a network.

    h_l is the output of hidden layer l, after its activation, in inference mode and without channel noise. A network is
    at dynamical isometry (Weng et al. 2022; Pennington, Schoenholz & Ganguli 2017) when all singular values of J are
    near 1: mean 1 and spread 0 of their squares, the eigenvalues of J J^T. Of each J the r largest count, where r is
    the smallest number of units on the way from the image to the layer: all others are zero for want of units. They
    are taken together over `IMAGES` validation images.
    """

    def __init__(self, network: keras.Model, images: np.ndarray) -> None:
        chosen = np.random.default_rng(SUBSET_SEED).permutation(len(images))[:IMAGES]
        self._images = images[np.sort(chosen)]
        self._ranks = _ranks(network)
        outputs = {name: network.output[name] for name in self._ranks}
        self._derivatives = pushforward(keras.Model(network.input, outputs))

    def added_to(self, records: Sequence[PairRecord], pairs: Sequence[LayerPair]) -> tuple[PairRecord, ...]:
        """The records of these pairs, those with the input with the present spectrum of their layer.

        Nothing is computed, or compiled, where no pair is with the input.
        """
        if not any(pair.is_with_input for pair in pairs):
            return tuple(records)
        spectra = self.spectra()
        return tuple(
            _with_spectrum(record, spectra[pair.y]) if pair.is_with_input else record
            for record, pair in zip(records, pairs, strict=True)
        )

    def spectra(self) -> dict[str, Spectrum]:
        """The spectrum of each layer, by the name of its output."""
        powers = [self._powers(image) for image in self._images]
        return {name: _spectrum(np.array([of[name] for of in powers]), self._ranks[name]) for name in sorted(powers[0])}

    def singular_values(self) -> dict[str, np.ndarray]:
        """All singular values of each layer's Jacobian, of which `spectra` has mean and spread of the squares.

        By the name of the layer's output an array (images, rank), each row descending: of each Jacobian the r largest.
        `trainables.geometry` has E(s^2) and E((s^2 - 1)^2) of them: isometry is the second, 0 where all are 1.
        """
        found = [self._singular_values_at(image) for image in self._images]
        return {name: np.array([of[name] for of in found]) for name in sorted(self._ranks)}

    def _singular_values_at(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """The largest singular values at one image, shape (rank,); NaN where the Jacobian is not finite."""
        return {
            name: np.linalg.svd(rows, compute_uv=False)[: self._ranks[name]]
            if np.isfinite(rows).all()
            else np.full(self._ranks[name], np.nan)
            for name, rows in self._transposed_jacobians(image).items()
        }

    def _powers(self, image: np.ndarray) -> dict[str, tuple[float, float]]:
        """Sums of the squares and of the fourth powers of the singular values at one image."""
        return {name: _sums(rows) for name, rows in self._transposed_jacobians(image).items()}

    def _transposed_jacobians(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """J^T of each layer at one image, shape (pixels, units).

        All pixels are moved at once: as many copies of the image, the i-th along the i-th pixel. Rows of a network in
        inference mode know nothing of each other.
        """
        directions = np.eye(len(image), dtype=image.dtype)
        moved: Mapping[str, Any] = self._derivatives(np.tile(image, (len(image), 1)), directions)
        return {name: to_host(rows).astype(np.float64) for name, rows in moved.items()}


def _ranks(network: keras.Model) -> dict[str, int]:
    """For each hidden layer the most singular values that can differ from zero."""
    hidden = (name for name in network.output if name.startswith("hidden_"))
    names = sorted(hidden, key=lambda name: int(name.removeprefix("hidden_")))
    widths = [network.input.shape[-1], *(network.output[name].shape[-1] for name in names)]
    return dict(zip(names, list(accumulate(widths, min))[1:], strict=True))


def _sums(transposed: np.ndarray) -> tuple[float, float]:
    """tr(J J^T) and tr((J J^T)^2) from J^T, shape (pixels, units)."""
    gram = transposed.T @ transposed
    return float(np.trace(gram)), float(np.sum(gram * gram))


def _spectrum(sums: np.ndarray, rank: int) -> Spectrum:
    """From the sums of squares and of fourth powers, shape (images, 2)."""
    mean, mean_of_squares = sums.mean(axis=0) / rank
    return Spectrum(float(mean), float(np.sqrt(np.maximum(0.0, mean_of_squares - mean**2))))


def _with_spectrum(record: PairRecord, spectrum: Spectrum) -> PairRecord:
    return replace(
        record,
        jacobian_mean_squared_singular_value=spectrum.mean,
        jacobian_spread_squared_singular_value=spectrum.spread,
    )

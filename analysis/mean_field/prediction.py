"""What a layer with Gaussian noise tells of which image was shown, predicted from its kernel: no free parameter.

To a channel a layer is the distances of its signals alone, |s_i - s_j|^2 = W (K_ii + K_jj - 2 K_ij) where it is wide.
So it is replaced by points with these distances, and their channel is that of `trainables.information.channel`, with
its sampling error. What noise at the layers before has become is taken for Gaussian, of the same size for every image
and in every direction that the narrowest of these layers leaves, where the signals differ too. That holds where layers
keep angles; where singular values spread, noise and signal share few directions, and the prediction is too high.
"""

from math import sqrt

import numpy as np

from analysis.mean_field.expectations import Floats
from analysis.mean_field.kernels import Kernel
from trainables.information import ChannelInformation, channel_information

ROUNDING = 1e-12
"""Eigenvalues below this share of the largest are rounding."""


def predicted_information(
    kernel: Kernel, noise: float, draws: int = 1, seed: int = 0, threads: int | None = None
) -> ChannelInformation:
    """I(X; T) in bits for X uniform on the N images of the kernel and T = layer + N(0, noise^2) in each of its units.

    Where the kernel is one of noise at every layer, so is T. The standard error is that of the draws; that the network
    has finitely many units, and is one of many, is not in it.
    """
    before = kernel.spread * kernel.width / kernel.narrowest
    return channel_information(embedded(kernel), sqrt(noise**2 + before), None, draws, seed, threads)


def embedded(kernel: Kernel) -> Floats:
    """Points (N, r) whose distances are those of the layer's signals, r the rank of the centred Gram matrix."""
    gram = kernel.between - kernel.between.mean(axis=0) - kernel.between.mean(axis=1)[:, None] + kernel.between.mean()
    values, vectors = np.linalg.eigh(kernel.width * gram)
    kept = values > ROUNDING * max(float(values[-1]), 0.0)
    points: Floats = vectors[:, kept] * np.sqrt(values[kept])
    return points if points.shape[1] else np.zeros((len(values), 1))

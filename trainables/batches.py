"""The batches of an epoch: which training images each gradient step takes."""

import numpy as np

STREAM = 0x6F72646572
"""Keeps this order apart from numbers drawn elsewhere from a generator of the same seed."""


def batches(images: int, size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The rows of each batch, in a random order that seed and epoch decide: so that resuming needs no state.

    Every image is in one batch; each batch has `size` of them, the last one what is left.
    """
    order = np.random.default_rng([STREAM, seed, epoch]).permutation(images)
    return np.split(order, range(size, images, size))

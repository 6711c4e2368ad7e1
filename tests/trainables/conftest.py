"""The data set that tests of several modules load."""

import hashlib

import numpy as np
import pytest

from tests import tiny_mnist
from trainables import datasets


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """A six-image MNIST by file name, whose checksums are the expected ones."""
    arrays = tiny_mnist.arrays()
    digests = {stem: hashlib.sha256(tiny_mnist.idx(array)).hexdigest() for stem, array in arrays.items()}
    monkeypatch.setattr(datasets, "MNIST_SHA256", digests)
    return arrays

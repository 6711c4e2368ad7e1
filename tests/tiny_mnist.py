"""An MNIST of six images, as the files of its real one are made."""

import struct

import numpy as np

from trainables.datasets import MNIST_SHA256, Dataset

STEMS = tuple(MNIST_SHA256)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def arrays() -> dict[str, np.ndarray]:
    """The images and labels, by file name."""
    generator = np.random.default_rng(0)
    shapes = [(4, 28, 28), (4,), (2, 28, 28), (2,)]
    parts = [generator.integers(0, 256 if len(shape) == 3 else 10, shape).astype(np.uint8) for shape in shapes]
    parts[0][0, 0, :2] = 0, 255
    return dict(zip(STEMS, parts, strict=True))


def assert_is_tiny(found: Dataset, tiny: dict[str, np.ndarray]) -> None:
    assert found.name == "mnist"
    parts = [found.train_images, found.train_labels, found.validation_images, found.validation_labels]
    for part, array in zip(parts, tiny.values(), strict=True):
        is_images = array.ndim == 3
        assert part.dtype == (np.float32 if is_images else np.int32)
        assert part.shape == ((len(array), 784) if is_images else (len(array),))
        expected = array.reshape(part.shape).astype(float) / (255 if is_images else 1)
        np.testing.assert_allclose(part, expected, rtol=1e-6)
    assert found.train_images[0, :2].tolist() == [0.0, 1.0]

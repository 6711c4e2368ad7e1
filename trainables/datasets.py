"""Data sets: MNIST (idx files, Keras' cache or download) and scikit-learn's embedded digits, with checksums."""

import gzip
import hashlib
import os
import struct
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import numpy as np

from trainables.config import DatasetName

MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the uncompressed idx files, training images first."""


class DatasetError(Exception):
    """A data set cannot be used; `message` says which file and what is needed, `next` what to do."""

    def __init__(self, message: str, *, next: str = "") -> None:
        super().__init__(message)
        self.message, self.next = message, next

    def __str__(self) -> str:
        return f"{self.message}\n  next: {self.next}" if self.next else self.message


class DatasetMissing(DatasetError):
    """Files of a data set are not there."""


class DatasetNotFetched(DatasetMissing):
    """The data set is not in Keras' cache; a run fetches it."""


class DatasetDamaged(DatasetError):
    """Files of a data set are there, but cannot be read or hold something else."""


@dataclass(frozen=True)
class Dataset:
    """Images as rows of pixels in [0, 1], float32 of shape (n, pixels), and labels 0..9, int32 of shape (n,)."""

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray
    classes: int = 10

    @cached_property
    def sha256(self) -> str:
        """Checksum of everything in it, for provenance."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.validation_images, self.validation_labels):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load(name: DatasetName, data_dir: Path | None = None, download: bool = False) -> Dataset:
    """The data set of that name.

    `data_dir` holds `mnist/*-ubyte.gz`; without it MNIST comes from Keras' cache, and is downloaded to that cache only
    if `download` is true (workers never download).

    Raises:
        DatasetMissing: when files are not there, or cannot be downloaded.
        DatasetDamaged: when they cannot be read, or are not the files of this data set.
    """
    return LOADERS[name](data_dir, download)


def _load_digits(_data_dir: Path | None, _download: bool) -> Dataset:
    """1,797 images of 8x8 pixels; of each class every fifth image, in the order given, is for validation."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images, labels = (images / 16).astype(np.float32), labels.astype(np.int32)
    validation = np.zeros(len(labels), dtype=bool)
    for label in range(10):
        validation[np.flatnonzero(labels == label)[::5]] = True
    return Dataset("digits", images[~validation], labels[~validation], images[validation], labels[validation])


def _load_mnist(data_dir: Path | None, download: bool) -> Dataset:
    """60,000 training and 10,000 test images of 28x28 pixels; the test images are the validation set."""
    arrays = _mnist_from_files(data_dir / "mnist") if data_dir is not None else _mnist_from_keras(download)
    train_images, train_labels, images, labels = arrays
    return Dataset("mnist", _pixels(train_images), _labels(train_labels), _pixels(images), _labels(labels))


def _pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _labels(labels: np.ndarray) -> np.ndarray:
    return labels.astype(np.int32)


def _mnist_from_files(folder: Path) -> list[np.ndarray]:
    names = [f"{stem}.gz" for stem in MNIST_SHA256]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DatasetMissing(
            f"mnist: {', '.join(missing)} not found in {folder}\n  needed there: {', '.join(names)}",
            next="point --data-dir (or SWEEP_DATA_DIR) at the folder that holds mnist/, or leave it unset to let "
            "Keras fetch MNIST",
        )
    return [_read_idx(folder / f"{stem}.gz", sha256) for stem, sha256 in MNIST_SHA256.items()]


def _read_idx(path: Path, sha256: str) -> np.ndarray:
    """The array in a gzipped idx file of unsigned bytes: magic number 0x08 <dims>, sizes, bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetDamaged(f"mnist: {path} cannot be read: {error}", next="fetch the file again") from error
    _check(str(path), content, sha256)
    dimensions = content[3]
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _mnist_from_keras(download: bool) -> list[np.ndarray]:
    """From the file that Keras keeps; Keras itself is only asked to fetch it when it is not there."""
    cache = _keras_cache()
    if cache is not None:
        arrays = _read_npz(cache)
    elif download:
        arrays = _downloaded_by_keras()
    else:
        raise DatasetNotFetched("mnist: not in Keras' cache", next=_how_to_provide())
    for array, (stem, sha256) in zip(arrays, MNIST_SHA256.items(), strict=True):
        _check(f"{cache or 'what Keras fetched'}: {stem}", _idx_bytes(array), sha256)
    return arrays


def _how_to_provide() -> str:
    return (
        "set --data-dir (or SWEEP_DATA_DIR) to the folder that holds mnist/*-ubyte.gz, "
        f"or put Keras' mnist.npz at {_keras_caches()[0]}"
    )


def _keras_cache() -> Path | None:
    return next((path for path in _keras_caches() if path.is_file()), None)


def _keras_caches() -> list[Path]:
    """Where Keras keeps MNIST: its home, or a temporary folder when the home cannot be written."""
    homes = [Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")), Path(tempfile.gettempdir()) / ".keras"]
    return [home / "datasets" / "mnist.npz" for home in homes]


def _read_npz(path: Path) -> list[np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetDamaged(f"mnist: {path} cannot be read: {error}", next="delete it, to fetch it again") from error


def _downloaded_by_keras() -> list[np.ndarray]:
    """Fetched under a name of its own and renamed when whole: several may fetch at once, and none sees half a file."""
    import keras

    name = f"mnist-{uuid.uuid4().hex}.npz"
    try:
        train, test = keras.datasets.mnist.load_data(name)
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise DatasetMissing(f"mnist: Keras could not fetch it: {error}", next=_how_to_provide()) from error
    for path in _keras_caches():
        if path.with_name(name).is_file():
            os.replace(path.with_name(name), path)
    return [*train, *test]


def _idx_bytes(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + np.ascontiguousarray(array, np.uint8).tobytes()


def _check(culprit: str, content: bytes, sha256: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DatasetDamaged(
            f"mnist: {culprit} is damaged: SHA-256 {found[:16]}..., expected {sha256[:16]}...",
            next="fetch the file again",
        )


LOADERS: dict[str, Callable[[Path | None, bool], Dataset]] = {"mnist": _load_mnist, "digits": _load_digits}

assert set(LOADERS) == set(get_args(DatasetName))

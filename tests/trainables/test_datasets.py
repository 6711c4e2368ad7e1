"""Data sets are the same everywhere, whole or refused; nothing is fetched that was not asked for."""

import gzip
import hashlib
import os
import struct
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from trainables import datasets
from trainables.config import VALIDATION_IMAGES
from trainables.datasets import (
    MNIST_SHA256,
    Dataset,
    DatasetDamaged,
    DatasetError,
    DatasetMissing,
    DatasetNotFetched,
    load,
)

STEMS = tuple(MNIST_SHA256)
KEYS = ("x_train", "y_train", "x_test", "y_test")


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """A six-image MNIST by file name, whose checksums are the expected ones."""
    generator = np.random.default_rng(0)
    shapes = [(4, 28, 28), (4,), (2, 28, 28), (2,)]
    arrays = [generator.integers(0, 256 if len(s) == 3 else 10, s).astype(np.uint8) for s in shapes]
    arrays[0][0, 0, :2] = 0, 255
    found = dict(zip(STEMS, arrays, strict=True))
    monkeypatch.setattr(datasets, "MNIST_SHA256", {s: hashlib.sha256(idx(a)).hexdigest() for s, a in found.items()})
    return found


@pytest.fixture
def data_dir(tiny: dict[str, np.ndarray], tmp_path: Path) -> Path:
    (tmp_path / "mnist").mkdir()
    for stem, array in tiny.items():
        (tmp_path / "mnist" / f"{stem}.gz").write_bytes(gzip.compress(idx(array)))
    return tmp_path


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


# digits


def test_digits_are_split_into_training_and_validation_without_loss() -> None:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    found = load("digits")
    assert found.train_images.shape == (1797 - 364, 64)
    assert found.validation_images.shape == (364, 64)
    assert len(found.validation_images) == VALIDATION_IMAGES["digits"]
    together = np.vstack([found.train_images, found.validation_images]) * 16
    of_both = np.concatenate([found.train_labels, found.validation_labels])
    assert sorted(map(bytes, np.c_[together, of_both].astype(np.uint8))) == sorted(
        map(bytes, np.c_[images, labels].astype(np.uint8))
    )


def test_digits_are_float32_rows_in_0_to_1_and_int32_labels() -> None:
    found = load("digits")
    for images, labels in [
        (found.train_images, found.train_labels),
        (found.validation_images, found.validation_labels),
    ]:
        assert (images.dtype, labels.dtype) == (np.float32, np.int32)
        assert labels.shape == (len(images),)
        assert (images.min(), images.max()) == (0, 1)
        assert set(labels.tolist()) == set(range(found.classes))


def test_a_fifth_of_every_digit_is_for_validation() -> None:
    found = load("digits")
    for label in range(10):
        validation = int((found.validation_labels == label).sum())
        assert validation == -(-(validation + int((found.train_labels == label).sum())) // 5)


def test_digits_are_the_same_bytes_at_every_load() -> None:
    assert load("digits").sha256 == load("digits").sha256
    assert load("digits").sha256 == "e00243cb1405959c85c042a6e9a5efffe83f4163d16cf772d30def40b8e3f259"


@pytest.mark.parametrize("part", ["train_images", "train_labels", "validation_images", "validation_labels"])
def test_the_checksum_covers_every_part(part: str) -> None:
    found = load("digits")
    arrays = {name: getattr(found, name).copy() for name in vars(found) if name.endswith(("images", "labels"))}
    arrays[part].flat[-1] += 1
    assert Dataset("digits", **arrays).sha256 != found.sha256


# MNIST from idx files


def test_mnist_comes_from_the_files_of_the_data_folder(tiny: dict[str, np.ndarray], data_dir: Path) -> None:
    assert_is_tiny(load("mnist", data_dir), tiny)


def test_missing_files_are_named_with_what_is_needed_and_what_to_do(data_dir: Path) -> None:
    for stem in STEMS[1:3]:
        (data_dir / "mnist" / f"{stem}.gz").unlink()
    with pytest.raises(DatasetError) as caught:
        load("mnist", data_dir)
    first, *rest = str(caught.value).splitlines()
    assert [f"{stem}.gz" in first for stem in STEMS] == [False, True, True, False]
    assert str(data_dir / "mnist") in first
    assert all(f"{stem}.gz" in rest[0] for stem in STEMS)
    assert "--data-dir" in rest[-1]
    assert "SWEEP_DATA_DIR" in rest[-1]


def test_a_missing_folder_is_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=r"train-images-idx3-ubyte\.gz.* not found in .*nowhere"):
        load("mnist", tmp_path / "nowhere")


def flipped(data: bytes, position: int) -> bytes:
    altered = bytearray(data)
    altered[position] ^= 0xFF
    return bytes(altered)


DAMAGE = {
    "empty": lambda data: b"",
    "not gzip": lambda data: b"<html>404</html>",
    "cut short": lambda data: data[: len(data) // 2],
    "cut in the trailer": lambda data: data[:-3],
    "altered in the header": lambda data: flipped(data, 2),
    "altered in the stream": lambda data: flipped(data, 10),
    "altered in the middle": lambda data: flipped(data, len(data) // 2),
    "altered in the checksum": lambda data: flipped(data, len(data) - 6),
    "other content": lambda data: gzip.compress(flipped(gzip.decompress(data), -1)),
    "other header": lambda data: gzip.compress(flipped(gzip.decompress(data), 3)),
    "gzip of nothing": lambda data: gzip.compress(b""),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("stem", [STEMS[0], STEMS[3]])
def test_a_damaged_file_is_named_and_refused(data_dir: Path, stem: str, damage: str) -> None:
    path = data_dir / "mnist" / f"{stem}.gz"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(DatasetError) as caught:
        load("mnist", data_dir)
    assert str(path) in str(caught.value)
    assert "next: fetch the file again" in str(caught.value)


def test_intact_files_of_other_images_are_refused(
    tiny: dict[str, np.ndarray], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "MNIST_SHA256", MNIST_SHA256)
    with pytest.raises(DatasetDamaged, match=r"train-images-idx3-ubyte\.gz is damaged: SHA-256 .*, expected ba891046"):
        load("mnist", data_dir)


# MNIST from Keras' cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Keras would keep mnist.npz; fetching is refused and remembered."""
    from keras.src.backend import config as keras_config

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras_config, "_KERAS_DIR", str(tmp_path))  # Keras reads KERAS_HOME once, when imported
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets" / "mnist.npz"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were fetched from; there is no network."""
    addresses: list[str] = []

    def refuse(address: str, *_: object) -> None:
        addresses.append(address)
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", refuse)
    return addresses


def save(path: Path, tiny: dict[str, np.ndarray]) -> None:
    np.savez(path, **dict(zip(KEYS, tiny.values(), strict=True)))


@pytest.mark.parametrize("download", [False, True])
def test_mnist_comes_from_the_cache_of_keras(
    tiny: dict[str, np.ndarray], cache: Path, fetched: list[str], monkeypatch: pytest.MonkeyPatch, download: bool
) -> None:
    # The tiny file cannot have the checksum of the real one, which Keras asks for.
    save(cache, tiny)
    assert_is_tiny(load("mnist", download=download), tiny)
    assert fetched == []


def test_without_a_cache_nothing_is_downloaded_unless_asked(cache: Path, fetched: list[str]) -> None:
    with pytest.raises(DatasetError) as caught:
        load("mnist", download=False)
    assert str(cache) in str(caught.value)
    assert "next: set --data-dir (or SWEEP_DATA_DIR)" in str(caught.value)
    assert fetched == []


@pytest.mark.parametrize("content", [b"", b"not an archive"])
def test_a_damaged_cache_is_refused_and_neither_fetched_again_nor_deleted(
    cache: Path, fetched: list[str], content: bytes
) -> None:
    """Workers never download."""
    cache.write_bytes(content)
    with pytest.raises(DatasetError, match="mnist"):
        load("mnist", download=False)
    assert fetched == []
    assert cache.read_bytes() == content


def test_a_cache_with_other_images_is_refused(
    tiny: dict[str, np.ndarray], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny["t10k-labels-idx1-ubyte"][0] ^= 1
    save(cache, tiny)
    with pytest.raises(DatasetDamaged, match=r"t10k-labels-idx1-ubyte is damaged"):
        load("mnist", download=False)


def test_a_failed_download_says_what_to_do(cache: Path, fetched: list[str]) -> None:
    with pytest.raises(DatasetError) as caught:
        load("mnist", download=True)
    assert len(fetched) == 1
    assert "SWEEP_DATA_DIR" in str(caught.value)
    assert str(cache) in str(caught.value)


def test_several_may_fetch_at_once_and_none_sees_half_a_file(
    tiny: dict[str, np.ndarray], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_way = threading.Barrier(3)

    def fetch(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
        (cache.parent / name).write_bytes(b"half")
        half_way.wait(timeout=20)
        half_way.wait(timeout=20)
        save(cache.parent / name, tiny)
        arrays = list(tiny.values())
        return arrays[:2], arrays[2:]

    monkeypatch.setattr("keras.datasets.mnist.load_data", fetch)
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(load, "mnist", None, True) for _ in range(2)]
        half_way.wait(timeout=20)
        with pytest.raises(DatasetNotFetched, match="not in Keras' cache"):
            load("mnist", download=False)
        half_way.wait(timeout=20)
        for one in both:
            assert_is_tiny(one.result(), tiny)
    assert_is_tiny(load("mnist", download=False), tiny)
    assert os.listdir(cache.parent) == [cache.name]


@pytest.mark.mnist
@pytest.mark.skipif("SWEEP_DATA_DIR" not in os.environ, reason="SWEEP_DATA_DIR is not set: no real MNIST")
def test_the_real_mnist_is_whole() -> None:
    found = load("mnist", Path(os.environ["SWEEP_DATA_DIR"]))
    assert found.train_images.shape == (60_000, 784)
    assert found.validation_images.shape == (10_000, 784)
    assert len(found.validation_images) == VALIDATION_IMAGES["mnist"]
    for images, labels in [
        (found.train_images, found.train_labels),
        (found.validation_images, found.validation_labels),
    ]:
        assert (images.dtype, labels.dtype) == (np.float32, np.int32)
        assert (images.min(), images.max()) == (0, 1)
        assert labels.shape == (len(images),)
    assert np.bincount(found.train_labels).tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    ]
    assert np.bincount(found.validation_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

"""Data sets are the same everywhere, whole or refused; nothing is fetched that was not asked for."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_mnist import STEMS, assert_is_tiny, idx
from trainables import datasets
from trainables.config import VALIDATION_IMAGES
from trainables.datasets import (
    MNIST_SHA256,
    Dataset,
    DatasetDamaged,
    DatasetError,
    DatasetMissing,
    load,
)


@pytest.fixture
def data_dir(tiny: dict[str, np.ndarray], tmp_path: Path) -> Path:
    (tmp_path / "mnist").mkdir()
    for stem, array in tiny.items():
        (tmp_path / "mnist" / f"{stem}.gz").write_bytes(gzip.compress(idx(array)))
    return tmp_path


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

"""MNIST from the cache of Keras: whole or refused, and downloaded only when that was asked for."""

import os
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_mnist import assert_is_tiny
from trainables.datasets import (
    DatasetDamaged,
    DatasetError,
    DatasetNotFetched,
    load,
)

KEYS = ("x_train", "y_train", "x_test", "y_test")


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

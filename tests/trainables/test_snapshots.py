"""A snapshot comes back exactly, for its own config only, or not at all."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal
from trainables.format.versions import OtherVersion
from trainables.records import EpochRecord, PairRecord, history_from_arrow
from trainables.snapshots import Snapshot, history_arrow

CONFIG = TrialConfig(width=3)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
HISTORY = tuple(
    EpochRecord(epoch, 0.9, 2.3, None if epoch == 0 else 2.4, 0.0, 0.1, MOMENT, (PairRecord("first-merged", 1.5),))
    for epoch in range(3)
)
GENERATOR = np.random.default_rng(0)
VARIABLES = (
    *(GENERATOR.normal(size=shape).astype(np.float32) for shape in [(3, 4), (4,), (1,), (0,), ()] * 3),
    np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32),
    np.array(7, np.int32),
    np.array([1, 2**32 - 1], np.uint32),
    np.array([True, False]),
    np.asfortranarray(GENERATOR.normal(size=(3, 2))),
)
SNAPSHOT = Snapshot(CONFIG, HISTORY, VARIABLES)
DATA = SNAPSHOT.to_bytes()


def test_a_snapshot_comes_back_bit_for_bit() -> None:
    back = Snapshot.from_bytes(DATA, CONFIG)
    assert (back.config, back.history, back.epoch) == (CONFIG, HISTORY, 2)
    assert len(back.variables) == len(VARIABLES) > 10  # the tenth comes after the ninth, not after the first
    for found, expected in zip(back.variables, VARIABLES, strict=True):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        assert found.tobytes() == expected.tobytes()


def test_equal_snapshots_have_equal_bytes() -> None:
    assert Snapshot(CONFIG, HISTORY, tuple(map(np.copy, VARIABLES))).to_bytes() == DATA
    assert Snapshot.from_bytes(DATA, CONFIG).to_bytes() == DATA


def test_the_history_can_be_read_alone() -> None:
    assert history_from_arrow(history_arrow(DATA, CONFIG)) == HISTORY


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs": 201}, {"width": 4}, {"measure": {"every": 2}}])
@pytest.mark.parametrize("read", [Snapshot.from_bytes, history_arrow])
def test_a_snapshot_of_another_config_is_refused(read, change: dict[str, object]) -> None:
    other = TrialConfig(**{"width": 3} | change)
    with pytest.raises(DamagedObject, match="a snapshot of another config"):
        read(DATA, other)


@pytest.mark.parametrize("read", [Snapshot.from_bytes, history_arrow])
def test_damage_anywhere_is_refused(read) -> None:
    for position in range(0, len(DATA), 61):
        altered = bytearray(DATA)
        altered[position] ^= 0x10
        for damaged in (bytes(altered), DATA[:position]):
            with pytest.raises(DamagedObject):
                read(damaged, CONFIG)


@pytest.mark.parametrize("read", [Snapshot.from_bytes, history_arrow])
def test_a_sealed_object_of_another_kind_or_version_is_refused(read) -> None:
    parts = {"history": b"", "variables": b""}
    with pytest.raises(DamagedObject, match="not an intact snapshot"):
        read(seal("result", 1, {"config": CONFIG.canonical()}, parts), CONFIG)
    for version in (0, 2):
        with pytest.raises(OtherVersion, match=f"snapshot of record version {version}; this program reads version 1"):
            read(seal("snapshot", version, {"config": CONFIG.canonical()}, parts), CONFIG)


def test_a_snapshot_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SNAPSHOT.history = ()  # type: ignore[misc]


def test_a_snapshot_holds_no_pickle() -> None:
    with pytest.raises(DamagedObject, match="allow_pickle"):
        Snapshot.from_bytes(Snapshot(CONFIG, HISTORY, (np.array([{}], object),)).to_bytes(), CONFIG)

"""Sweeps with curves made to order: tables as a store gives them, in milliseconds and without training."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.quantities import JACOBIAN_MEAN
from analysis.tables import with_layers
from analysis.tables.measures import LayerValue
from analysis.tables.tables import assemble, epoch_rows, last_values
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA

START = datetime(2026, 1, 2, tzinfo=UTC)
SWEEP = "made"
ARCHITECTURES = ("mlp", "shortcut", "resnet", "shortcut_resnet")


@dataclass(frozen=True)
class Measured:
    """What a point measured: test errors (epochs + 1,), and by pair of layers the MI on both scales, each as long.

    layers: by layer and quantity, as long too.
    """

    errors: np.ndarray
    bits: Mapping[str, tuple[np.ndarray, np.ndarray]]
    layers: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)


World = Callable[[TrialConfig], Measured]


def grid(**fields: Any) -> list[TrialConfig]:
    """The points of a grid: a list is swept, anything else fixed."""
    swept = {name: values for name, values in fields.items() if isinstance(values, (list, tuple, range))}
    fixed = {name: value for name, value in fields.items() if name not in swept}
    return [
        TrialConfig.model_validate(fixed | dict(zip(swept, values, strict=True))) for values in product(*swept.values())
    ]


def tables(
    configs: Iterable[TrialConfig], world: World, states: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(epochs, points) of these points in this world. states: point_id -> state, of those that are not finished.

    A point that is missing or failed has no epochs, one that is interrupted or diverged the first half of them.
    """
    histories, rows, layers = [], [], []
    for config in configs:
        state = (states or {}).get(config.point_id, "finished")
        history, row, of_layers = _of_point(config, world, state)
        histories.append(history)
        rows.append(row)
        layers += of_layers
    made = assemble(histories, rows)
    epochs, points = made.epochs.to_pandas(), made.points.to_pandas()
    if points["measure_measures"].str.contains("channel").any():
        of_input = epochs["pair"].str.startswith("input-")
        epochs["channel_bits"] = epochs["mutual_information_balanced_bits"].where(of_input)
    return with_layers(epochs, layers), points


@lru_cache(maxsize=2000)
def _of_point(config: TrialConfig, world: World, state: str) -> tuple[pa.Table, dict[str, Any], list[LayerValue]]:
    """Its rows of the epochs table, that of the points table, and what it measured of layers."""
    measured = world(config)
    history = history_of(measured)
    if state != "finished":
        kept = config.epochs // 2 if state in ("interrupted", "diverged") else -1
        history = history.filter(pa.compute.less_equal(history["epoch"], kept))
    identity = {"sweep": SWEEP, "point_id": config.point_id, "config_id": config.config_id, "state": state}
    spectrum = {JACOBIAN_MEAN: config.gain ** (2 * config.depth)} if config.epochs == 0 and len(history) else {}
    row = identity | config.flat() | {"attempts": 1, "wall_seconds": 60.0} | last_values(history) | spectrum
    last = max(history["epoch"].to_pylist(), default=-1)
    layers = [
        (config.point_id, epoch, layer, quantity, float(value))
        for (layer, quantity), values in measured.layers.items()
        for epoch, value in enumerate(values[: last + 1])
    ]
    return epoch_rows(SWEEP, config.point_id, config.flat(), history), row, layers


def history_of(measured: Measured) -> pa.Table:
    """What was measured as a history, as the store keeps it."""
    rows = [
        {
            "epoch": epoch,
            "pair": pair,
            "mutual_information_bits": bits[0][epoch],
            "mutual_information_balanced_bits": bits[1][epoch],
            "scale_ratio": 1.0,
            "test_error": error,
            "test_loss": 2 * error,
            "train_loss": 2 * error if epoch else None,
            "train_seconds": 0.1,
            "measure_seconds": 0.2,
            "timestamp": START + timedelta(seconds=epoch),
        }
        for epoch, error in enumerate(measured.errors)
        for pair, bits in measured.bits.items()
    ]
    return pa.Table.from_pylist(rows, schema=HISTORY_SCHEMA)

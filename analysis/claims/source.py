"""The tables that claims are judged by, with where they came from: a sweep of a store, or exported files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.claims.needs import Origin
from analysis.quantities import KSG_CEILING
from analysis.tables import from_store, layer_values, measured_values, measuring, with_layers, with_measures
from analysis.tables.from_files import from_files
from sweep.console import warn
from sweep.store import Store, recorded_decisions, recorded_definitions


class Judged(NamedTuple):
    """Epochs with the columns of every measure, points, and their origin.

    starts: the definitions that the sweep recorded; decisions: those of its looks, where it ran until decided.
    """

    epochs: pd.DataFrame
    points: pd.DataFrame
    origin: Origin
    starts: Sequence[Mapping[str, Any]] = ()
    decisions: Mapping[str, Any] | None = None


def of_store(store: Store, sweep: str, address: str) -> Judged:
    """A sweep of a store, at that address for commands; raises as `Store.spec`."""
    tables = from_store(store, sweep)
    points = tables.points.to_pandas()
    origin = Origin(sweep, store.spec_address(sweep), address, is_running=bool((points["state"] == "running").any()))
    found = measuring(store, sweep)
    epochs = with_measures(tables.epochs.to_pandas(), measured_values(found))
    epochs = with_layers(epochs, layer_values(found))
    return Judged(epochs, points, origin, recorded_definitions(store, sweep), recorded_decisions(store, sweep))


def of_files(folder: Path) -> Judged:
    """Exported tables; raises as `from_files`. Says where nothing tells which of their values are bounds."""
    exported = from_files(folder)
    if KSG_CEILING not in exported.points or exported.points[KSG_CEILING].isna().all():
        warn(
            f"{folder / 'points.parquet'}: no {KSG_CEILING}, the most bits that so many images can show: "
            "values of NPEET and balanced near it are bounds, and are taken for levels here"
        )
    epochs = with_layers(with_measures(exported.epochs, exported.measures), exported.layers)
    return Judged(epochs, exported.points, Origin(exported.sweep, "SPEC"), exported.starts)

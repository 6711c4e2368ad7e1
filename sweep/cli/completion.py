"""What a shell completes: names of presets, and of the sweeps and points of a store in a folder."""

import os
from pathlib import Path

import typer

from sweep.commands import DEFAULT_STORE
from sweep.spec import presets


def preset_names(incomplete: str) -> list[str]:
    """Presets that begin so."""
    return [name for name in presets() if name.startswith(incomplete)]


def sweep_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Sweeps of the store that begin so."""
    return _names(_store(ctx) / "sweeps", incomplete)


def point_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Points of the store that begin so."""
    return _names(_store(ctx) / "points", incomplete)


def _store(ctx: typer.Context) -> Path:
    given = ctx.params.get("store") or os.environ.get("SWEEP_STORE", DEFAULT_STORE)
    return Path(given).expanduser()


def _names(folder: Path, incomplete: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.startswith(incomplete))
    except OSError:  # in a bucket, or nothing there yet
        return []

"""The mirror against a real MLflow server over HTTP, and a server that is not there for a while."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from analysis.tables import from_store
from analysis.tables.from_mlflow import from_mlflow
from sweep.store import Store, load
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.mirror import Mirror
from tests.servers import Server
from trainables.config import TrialConfig
from trainables.records import PointResult

pytestmark = pytest.mark.slow


def test_an_outage_during_the_sweep_leaves_nothing_behind_once_replayed(
    tmp_path: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    settings = ["grid.seed=[0]", "grid.width=[8]", "grid.depth=[4]", "fixed.epochs=5", "name=served"]
    spec, store, server = load("demo", settings), Store(tmp_path / "runs"), Server(tmp_path)
    store.save_spec(spec.name, spec.to_yaml())
    with BackgroundMirror(server.uri, spec, store, Console(stderr=True)) as mirror:
        for point in spec.points:
            store.commit_result(point, result(point))
            mirror.touch(point, is_running=False)
    server.start()
    try:
        assert Mirror(server.uri, spec, store).replay(spec.points) == len(spec.points)
        assert Mirror(server.uri, spec, store).replay(spec.points) == 0
        mirrored = from_mlflow(server.uri, spec.name).epochs
    finally:
        server.kill()
    keys = [("point_id", "ascending"), ("epoch", "ascending"), ("pair", "ascending")]
    assert mirrored.sort_by(keys).equals(from_store(store, spec.name).epochs.sort_by(keys))

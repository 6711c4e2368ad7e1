"""Exporting: described columns, partitions, and an export over an older one that equals one from scratch."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.export import export as exporting
from analysis.export import manifest
from analysis.export.export import export
from analysis.export.parquet import write_groups
from analysis.tables import EPOCHS, POINTS, from_store
from sweep.errors import UsageError
from sweep.store import Attempt, Store, load
from tests.buckets import Server
from tests.conftest import make_history, make_result
from trainables.config import TrialConfig
from trainables.records import Failure
from trainables.snapshots import Snapshot

PAGE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
SETTINGS = ["grid.width=[4, 8]", "grid.depth=[4]", "fixed.epochs=5", "fixed.frozen=false"]
NAME = "demo"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Sixteen points: half of them finished, the others missing."""
    store, spec = Store(tmp_path / "runs"), load("demo", SETTINGS)
    store.save_spec(NAME, spec.to_yaml())
    for point in spec.points[::2]:
        finish(store, point)
    return store


def finish(store: Store, point: TrialConfig) -> None:
    attempt = store.begin_attempt(point.point_id, Attempt(0, "now", "here", 0, {}))
    store.commit_result(point, make_result(point))
    store.save_attempt(point.point_id, replace(attempt, ended="later"))


def files(folder: Path) -> dict[str, bytes]:
    """Every parquet file below a folder, and nothing else may be there but the manifest."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(found) - {manifest.NAME} == {name for name in found if name.endswith(".parquet")}
    return {name: path.read_bytes() for name, path in found.items() if name != manifest.NAME}


def assert_as_from_scratch(store: Store, folder: Path, *partition_by: str) -> None:
    fresh = folder.with_name(f"{folder.name}-fresh-{len(list(folder.parent.iterdir()))}")
    export(store, NAME, fresh, partition_by)
    assert files(folder) == files(fresh)


def test_every_column_says_its_unit_and_meaning_in_the_file(store: Store, tmp_path: Path) -> None:
    for path in export(store, NAME, tmp_path / "out").paths:
        schema = pq.read_schema(path)
        for field in schema:
            assert field.metadata[b"unit"], field.name
            assert len(field.metadata[b"description"]) > 10, field.name
            assert field.name in EPOCHS.names + POINTS.names


def test_every_quantity_in_bits_seconds_or_nats_has_that_unit() -> None:
    for field in [*EPOCHS, *POINTS]:
        unit = field.metadata[b"unit"].decode()
        assert field.name.endswith("_bits") == (unit == "bits")
        assert field.name.endswith("_seconds") == (unit == "seconds")
        assert field.name.endswith("_loss") == (unit == "nats")


def test_the_files_hold_the_tables(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "GROUP_ROWS", 20)
    epochs, points = export(store, NAME, tmp_path / "out").paths
    tables = from_store(store, NAME)
    assert pq.read_table(epochs).equals(tables.epochs)
    assert pq.read_table(points).equals(tables.points)
    assert pq.ParquetFile(epochs).num_row_groups > 2


def test_a_second_export_reads_only_what_is_new(store: Store, tmp_path: Path) -> None:
    points, out = store.spec(NAME).points, tmp_path / "out"
    assert export(store, NAME, out).points_read == 16
    assert export(store, NAME, out).points_read == 8  # those that were not done may be by now
    assert_as_from_scratch(store, out)
    finish(store, points[1])
    assert export(store, NAME, out).points_read == 8
    assert export(store, NAME, out).points_read == 7
    assert_as_from_scratch(store, out)


@pytest.mark.parametrize("partition_by", [(), ("architecture", "width")])
def test_whatever_happens_to_the_store_an_export_over_another_is_as_one_from_scratch(
    store: Store, tmp_path: Path, partition_by: tuple[str, ...]
) -> None:
    chance, out = np.random.default_rng(3), tmp_path / "out"
    for _ in range(25):
        points = store.spec(NAME).points
        point = points[chance.integers(len(points))]
        events: list[Callable[[Store, TrialConfig], None]] = [finish, fail, interrupt, damage, forget, add_seeds]
        events[chance.integers(len(events))](store, point)
        if chance.random() < 0.5:
            export(store, NAME, out, partition_by)
            assert_as_from_scratch(store, out, *partition_by)


def fail(store: Store, point: TrialConfig) -> None:
    attempt = store.begin_attempt(point.point_id, Attempt(0, "now", "here", 0, {}))
    store.save_attempt(point.point_id, replace(attempt, failure=Failure("code", "ValueError: no")))


def interrupt(store: Store, point: TrialConfig) -> None:
    epoch = max(0, store.state(point).epochs_done)
    if not store.state(point).state.is_done:
        store.commit_snapshot(Snapshot(point, make_history(point, min(epoch + 1, 4)), ()))


def damage(store: Store, point: TrialConfig) -> None:
    path = store.objects.path(f"points/{point.point_id}/result")
    if path.exists():
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


def forget(store: Store, point: TrialConfig) -> None:
    store.quarantine(point)
    store.objects.delete(f"points/{point.point_id}/result")


def add_seeds(store: Store, _: TrialConfig) -> None:
    seeds = 1 + max(point.seed for point in store.spec(NAME).points)
    store.save_spec(NAME, load("demo", [*SETTINGS, f"grid.seed=0..{min(seeds, 4)}"]).to_yaml())


def test_nothing_outside_the_folder_is_removed_whatever_the_manifest_says(store: Store, tmp_path: Path) -> None:
    mine = tmp_path / "mine.parquet"
    mine.write_bytes(b"mine")
    export(store, NAME, tmp_path / "out")
    kept = tmp_path / "out" / manifest.NAME
    data = json.loads(kept.read_text())
    data["files"] |= {"../mine.parquet": data["files"]["points.parquet"], str(mine): data["files"]["points.parquet"]}
    kept.write_text(json.dumps(data))
    export(store, NAME, tmp_path / "out")
    assert mine.exists()


@pytest.mark.parametrize("name", ["epochs.parquet", "points.parquet", manifest.NAME])
@pytest.mark.parametrize("how", ["gone", "cut", "changed"])
def test_an_earlier_export_that_was_touched_is_not_believed(store: Store, tmp_path: Path, name: str, how: str) -> None:
    out = tmp_path / "out"
    export(store, NAME, out)
    data = (out / name).read_bytes()
    if how == "gone":
        (out / name).unlink()
    else:
        (out / name).write_bytes(data[: len(data) // 2] if how == "cut" else data[:-9] + bytes(9))
    export(store, NAME, out)
    assert_as_from_scratch(store, out)


def test_another_sweep_or_another_partition_takes_the_place_of_the_old_files(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for partition_by in [("architecture", "width"), ("seed",), (), ("width",)]:
        assert export(store, NAME, out, partition_by).points_read == 16
        assert_as_from_scratch(store, out, *partition_by)
    assert [path.name for path in (out / "epochs").iterdir()] != []
    store.save_spec("other", load("demo", ["grid.width=[8]", "fixed.epochs=5"]).to_yaml().replace(NAME, "other", 1))
    export(store, "other", out)
    assert {row["sweep"] for row in pq.read_table(out / "points.parquet").to_pylist()} == {"other"}
    assert not (out / "epochs").exists()


def until_the_points(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    """Writes, but is interrupted in the middle of the points."""

    def interrupted() -> Iterable[pa.Table]:
        yield from groups
        raise KeyboardInterrupt

    write_groups(path, schema, interrupted() if path.name == "points.parquet" else groups)


def test_an_export_that_was_killed_leaves_nothing_that_is_believed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(store, NAME, out)
    with monkeypatch.context() as killed:
        killed.setattr(exporting, "write_groups", until_the_points)
        with pytest.raises(KeyboardInterrupt):
            export(store, NAME, out, ["width"])
    assert any(name.startswith("epochs/") for name in files(out))
    assert export(store, NAME, out).points_read == 16
    assert_as_from_scratch(store, out)


def test_a_bucket_exports_as_a_folder_does_and_is_read_anew_only_where_it_changed(
    store: Store, s3: Server, tmp_path: Path
) -> None:
    bucket, points = Store(s3.address("export")), store.spec(NAME).points
    bucket.save_spec(NAME, load("demo", SETTINGS).to_yaml())
    for point in points[::2]:
        finish(bucket, point)
    export(store, NAME, tmp_path / "of-folder")
    assert export(bucket, NAME, tmp_path / "of-bucket").points_read == 16
    assert files(tmp_path / "of-bucket") == files(tmp_path / "of-folder")
    finish(bucket, points[1])
    assert export(bucket, NAME, tmp_path / "of-bucket").points_read == 8
    assert_as_from_scratch(bucket, tmp_path / "of-bucket")


def test_partitions_read_back_as_the_whole(store: Store, tmp_path: Path) -> None:
    export(store, NAME, tmp_path / "whole")
    export(store, NAME, tmp_path / "parts", ["architecture", "width"])
    whole = pd.read_parquet(tmp_path / "whole" / "epochs.parquet")
    parts = pd.read_parquet(tmp_path / "parts" / "epochs")
    parts = parts.astype({"architecture": whole.architecture.dtype, "width": whole.width.dtype})[whole.columns]
    keys = ["point_id", "epoch", "pair"]
    pd.testing.assert_frame_equal(
        parts.sort_values(keys, ignore_index=True), whole.sort_values(keys, ignore_index=True)
    )


def test_a_column_that_does_not_stand_for_a_whole_point_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--partition-by epoch: not a column .* allowed are dataset, architecture"):
        export(store, NAME, tmp_path / "out", ["epoch"])
    assert not (tmp_path / "out").exists()


def test_a_column_without_words_cannot_be_added() -> None:
    from analysis.tables.columns import described

    with pytest.raises(KeyError, match="novelty"):
        described([("novelty", pa.int64())])


def snippets() -> list[str]:
    return [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "out/epochs.parquet" in block]


def test_the_snippets_of_the_page_on_tables_agree(store: Store, tmp_path: Path) -> None:
    export(store, NAME, tmp_path / "out")
    printed = []
    for code in snippets():
        library = re.findall(r"^import (\w+)", code, re.MULTILINE)[0]
        pytest.importorskip(library)
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=500, check=True
        )
        printed.append((library, set(re.findall(r"\d\.\d+", done.stdout))))
    assert [library for library, _ in printed] == ["pandas", "polars", "duckdb"]
    assert all(numbers for _, numbers in printed)

"""measures.parquet: everything that was measured, as one long table."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.claims.runs import read_runs
from analysis.claims.source import of_files, of_store
from analysis.tables import MEASURES, from_store, measure_rows, measured_values, with_measures
from sweep.store import Store, load
from tests.commands import Command
from tests.drivers import driver

SPEC = """
name: tiny
fixed: {dataset: digits, width: 2, depth: 2, epochs: 2}
grid: {frozen: [false, true]}
measure: {pairs: [first-merged, each-label], measures: [rank, channel, geometry], noise: 0.5, samples: 60}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("measures")
    (folder / "tiny.yaml").write_text(SPEC)
    driver(load(str(folder / "tiny.yaml")), folder / "runs").run()
    return Store(folder / "runs")


def test_it_holds_every_value_once_with_its_unit_and_ceiling(store: Store, tmp_path: Path, run_here: Command) -> None:
    done = run_here("export", "tiny", "-o", str(tmp_path), "--store", str(store.root))
    assert done.stdout.split() == [str(tmp_path / f"{name}.parquet") for name in ("epochs", "points", "measures")]
    table = pq.read_table(tmp_path / "measures.parquet")
    assert table.schema.equals(MEASURES, check_metadata=True)
    assert table.column_names[:17] == (
        [
            "sweep",
            "point_id",
            "frozen",
            "epoch",
            "pair",
            "layer",
            "measure",
            "scale",
            "noise",
            "value",
            "unit",
            "standard_error",
            "lower",
            "upper",
            "ceiling",
            "saturated",
            "seconds",
        ]
    )
    rows = table.to_pandas()
    keys = ["point_id", "epoch", "pair", "layer", "measure", "scale"]
    assert not rows.duplicated(keys).any()
    assert set(rows["frozen"]) == {False, True}
    assert {"ksg", "ross", "channel", "twonn_dimension", "isometry_deviation"} < set(rows["measure"])
    channel = rows[(rows["measure"] == "channel") & (rows["pair"] == "input-1")]
    assert (channel["noise"] == 0.5).all()
    assert (channel["value"] <= channel["ceiling"] + 3 * channel["standard_error"]).all()
    assert rows.loc[rows["value"].isna(), "reason"].notna().all()
    again = (tmp_path / "measures.parquet").read_bytes()
    run_here("export", "tiny", "-o", str(tmp_path), "--store", str(store.root))
    assert (tmp_path / "measures.parquet").read_bytes() == again


def test_its_values_of_ksg_are_those_of_the_epochs(store: Store, tmp_path: Path, run_here: Command) -> None:
    run_here("export", "tiny", "-o", str(tmp_path), "--store", str(store.root))
    rows = pq.read_table(tmp_path / "measures.parquet").to_pandas()
    epochs = pq.read_table(tmp_path / "epochs.parquet").to_pandas()
    keys = ["point_id", "epoch", "pair"]
    for scale, column in (("none", "mutual_information_bits"), ("balanced", "mutual_information_balanced_bits")):
        ours = rows[rows["measure"].isin(["ksg", "ross"]) & (rows["scale"] == scale)].set_index(keys)["value"]
        theirs = epochs.dropna(subset=[column]).set_index(keys)[column]
        assert ours.sort_index().equals(theirs.sort_index().rename("value"))


def test_a_sweep_that_measures_ksg_alone_has_no_such_file(store: Store, tmp_path: Path, run_here: Command) -> None:
    (tmp_path / "measures.parquet").write_bytes(b"of another sweep")
    spec = load(str(Path(store.root).parent / "tiny.yaml"), ["name=plain", "measure.measures=[]"])
    store.save_spec("plain", spec.to_yaml())
    done = run_here("export", "plain", "-o", str(tmp_path), "--store", str(store.root))
    assert done.returncode == 0
    assert not (tmp_path / "measures.parquet").exists()


def test_figures_read_the_channel_beside_ksg(store: Store) -> None:
    epochs = from_store(store, "tiny").epochs.to_pandas()
    points = store.spec("tiny").points
    found = with_measures(epochs, measured_values((point, store.state(point)) for point in points))
    pd.testing.assert_frame_equal(found[epochs.columns], epochs)
    rows = pd.concat([measure_rows("tiny", point, store.state(point)).to_pandas() for point in points])
    keys = ["point_id", "epoch", "pair"]
    channel = rows[rows["measure"] == "channel"].set_index(keys)["value"]
    expected = channel[channel.index.isin(epochs.set_index(keys).index)]
    assert len(expected) >= 2 * 3 * 2  # points, epochs, layers; the pairs of the input are not of this sweep
    beside = found.set_index(keys)["channel_bits"].dropna()
    assert beside.sort_index().to_dict() == expected.sort_index().to_dict()


def test_claims_read_what_is_measured_of_layers_from_the_store_and_from_files_alike(
    store: Store, tmp_path: Path, run_here: Command
) -> None:
    run_here("export", "tiny", "-o", str(tmp_path), "--store", str(store.root))
    rows = pq.read_table(tmp_path / "measures.parquet").to_pandas()
    keys = ["point_id", "epoch", "measure", "pair"]
    of_layer_1 = rows[(rows["layer"] == "1") & rows["value"].notna()].fillna({"pair": ""}).set_index(keys)["value"]
    for judged in (of_store(store, "tiny", str(store.root)), of_files(tmp_path)):
        runs = read_runs(judged.epochs, judged.points)
        assert len(runs) == 2
        for run in runs:
            dimension, of_class = run.of_layer("1", "twonn_dimension"), run.of_layer("1", "channel_label_bits")
            assert dimension.epochs[0] == of_class.epochs[0] == 0
            for epoch, value, bits in zip(dimension.epochs, dimension.values, of_class.values, strict=True):
                assert of_layer_1[run.point_id, epoch, "twonn_dimension", ""] == value
                assert of_layer_1[run.point_id, epoch, "channel", "1-label"] == bits
            assert run.of_what_enters_the_softmax("twonn_dimension").last > 0
            assert len(run.errors) == len(run.first_to_last("NPEET")) == len(dimension)

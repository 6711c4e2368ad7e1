"""The command `report`: where the page goes, what MLflow keeps of it, and what is said when it cannot."""

import shutil
from pathlib import Path

import pytest

from analysis.cli import app
from analysis.tables import from_mlflow
from sweep.errors import SweepError
from sweep.spec import SweepSpec
from sweep.store import Store, load
from sweep.tracking.mirror import Mirror
from tests.reported import made


@pytest.fixture(scope="module")
def spec() -> SweepSpec:
    return load("demo", ["grid.seed=0..1", "fixed.epochs=6", "fixed.frozen=false"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, spec: SweepSpec) -> Store:
    return made(tmp_path_factory.mktemp("made") / "runs", spec)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, SweepSpec]:
    """A sweep with few figures, for what is not about them."""
    grid = ["grid.architecture=[mlp]", "grid.width=[8]", "grid.depth=[4]", "grid.seed=[0]"]
    spec = load("demo", [*grid, "fixed.epochs=3"])
    return made(tmp_path_factory.mktemp("small") / "runs", spec, is_complete=True), spec


def report(*words: str) -> None:
    app(["report", *words], standalone_mode=False)


@pytest.mark.slow
def test_the_page_is_kept_in_mlflow_once(
    store: Store, spec: SweepSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import mlflow

    uri, path = f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "new" / "report.html"
    Mirror(uri, spec, store).replay(spec.points)
    before = from_mlflow.from_mlflow(uri, spec.name)
    for _ in range(2):
        report("demo", "-o", str(path), "--store", str(store.root), "--tracking-uri", uri)
    assert capsys.readouterr().out == f"{path}\n" * 2
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("demo").experiment_id
    (run,) = client.search_runs([experiment], "tags.report != ''")
    assert (run.info.run_name, run.info.status) == ("report", "FINISHED")
    top = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert top == {"report.html", "claims.json", "claims.csv", "figures"}
    figures = {item.path for item in client.list_artifacts(run.info.run_id, "figures")}
    assert {"figures/fig4a.png", "figures/fig4a.csv"} <= figures
    kept = client.download_artifacts(run.info.run_id, "report.html", str(tmp_path))
    assert Path(kept).read_bytes() == path.read_bytes()
    after = from_mlflow.from_mlflow(uri, spec.name)
    assert after.points.equals(before.points)
    assert len(client.search_runs([experiment], "tags.point_id != ''")) == len(spec.points) - 1


@pytest.mark.slow
def test_without_mlflow_the_page_is_there_and_that_is_said(
    small: tuple[Store, SweepSpec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, path = small[0], tmp_path / "report.html"
    report("demo", "-o", str(path), "--store", str(store.root))
    said = capsys.readouterr()
    assert said.out == f"{path}\n"
    assert "not kept in MLflow: sqlite:///" in said.err
    assert "next: sweep track demo" in said.err
    assert path.read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_the_database_of_a_copied_store_gets_nothing_as_its_files_would_go_to_the_old_one(
    small: tuple[Store, SweepSpec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, spec = small
    (old := tmp_path / "old").mkdir()
    (new := tmp_path / "new").mkdir()
    Mirror(f"sqlite:///{old}/mlflow.db", spec, store).replay(spec.points)
    shutil.copy(old / "mlflow.db", new)
    uri, path = f"sqlite:///{new}/mlflow.db", tmp_path / "report.html"
    report("demo", "-o", str(path), "--store", str(store.root), "--tracking-uri", uri)
    said = capsys.readouterr().err
    assert f"was moved or copied: its files would go to file://{old}/mlartifacts/demo" in said
    assert f"next: put {new}/mlflow.db aside, then sweep track demo" in said
    assert path.exists()
    assert [one.name for one in old.iterdir()] == ["mlflow.db"]


@pytest.mark.slow
def test_a_server_that_is_not_there_is_said_in_few_words(
    small: tuple[Store, SweepSpec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, uri, path = small[0], "http://127.0.0.1:1", str(tmp_path / "report.html")
    report("demo", "-o", path, "--store", str(store.root), "--tracking-uri", uri)
    assert "MLflow at http://127.0.0.1:1 does not answer (Connection refused)\n  next:" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_a_storage_fault(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepError, match=r"cannot write to .*file") as error:
        report("demo", "-o", str(tmp_path / "file" / "report.html"), "--store", str(store.root))
    assert error.value.exit_code == 6

"""What is read back can only be data: no pickle in the store, no code in a spec."""

import ast
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sweep.errors import UsageError
from sweep.store import Attempt, State, Store, load
from tests.modules import NAMES, PACKAGES, imported
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult
from trainables.snapshots import Snapshot

PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
READERS = {"read_pickle", "to_pickle", "unsafe_load", "full_load", "UnsafeLoader", "FullLoader", "eval", "exec"}


def modules(package: str) -> list[tuple[str, Path]]:
    """Full name and path of each module of a package."""
    return [(name, path) for name, path in NAMES.items() if name.split(".")[0] == package]


def names(path: Path) -> set[str]:
    """Every name and attribute that a file uses."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_reads_or_writes_what_may_hold_code(package: str) -> None:
    for name, path in modules(package):
        assert not {one.partition(".")[0] for one in imported(name)} & PICKLERS, path
        assert not names(path) & READERS, path


@pytest.mark.parametrize("package", PACKAGES)
def test_arrays_are_read_without_pickle(package: str) -> None:
    for _, path in modules(package):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert given.get("allow_pickle") == "False", (path, node.lineno)


def test_the_store_is_written_and_read_without_pickle(
    tmp_path: Path,
    history: Callable[[TrialConfig, int], tuple[EpochRecord, ...]],
    result: Callable[[TrialConfig], PointResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("pickle was used")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    spec, store = load("demo", ["fixed.epochs=4"]), Store(tmp_path)
    finished, interrupted, failed, *_ = spec.points
    store.save_spec(spec.name, spec.to_yaml())
    store.commit_result(finished, result(finished))
    variables = (np.arange(6, dtype=np.float32), np.array(3))
    store.commit_snapshot(Snapshot(interrupted, history(interrupted, 2), variables))
    store.save_attempt(failed.point_id, Attempt(1, "", "here", 0, {}, failure=Failure("code", "ValueError: no")))
    again = Store(tmp_path)
    assert again.spec(spec.name).points == spec.points
    states = [again.state(point).state for point in (finished, interrupted, failed)]
    assert states == [State.FINISHED, State.INTERRUPTED, State.FAILED]
    found = again.snapshot(interrupted)
    assert found is not None
    assert len(found.variables) == 2


TAGS = [
    "!!python/object/apply:pathlib.Path.touch [{path}]",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    "!own 1",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("place", ["name: a\ngrid: {{seed: [{tag}]}}\n", "name: a\nfixed: {tag}\n", "{tag}\n"])
def test_a_spec_with_a_tag_is_refused_and_nothing_in_it_runs(tmp_path: Path, place: str, tag: str) -> None:
    tag = tag.format(path=f'!!python/object/apply:pathlib.Path ["{tmp_path}/made"]')
    path = tmp_path / "spec.yaml"
    path.write_text(place.format(tag=tag))
    with pytest.raises(UsageError, match="tags are not allowed"):
        load(str(path))
    with pytest.raises(UsageError, match="tags are not allowed"):
        load("demo", [f"grid.seed=[{tag}]"])
    assert list(tmp_path.iterdir()) == [path]

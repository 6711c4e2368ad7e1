"""A sweep that keeps states, measured anew without training: equal to one that measured so, whatever is damaged."""

import io
import re
import shutil
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

from sweep.cli.measure import _every_kept
from sweep.errors import UsageError
from sweep.planning import measurable, priced
from sweep.progress import Watch
from sweep.spec import SweepSpec, remeasured, spec_from_bytes
from sweep.store import KeptStates, State, Store, load
from tests.commands import Command
from tests.conftest import make_history
from tests.drivers import driver
from tests.epoch_tables import epochs
from tests.trained import timeless
from trainables.architectures import build
from trainables.config import Activation, TrialConfig
from trainables.kept_states import KeptState
from trainables.networks.files import write

SPEC = """
name: tiny
fixed: {dataset: digits, width: 2, depth: 2, epochs: 4}
grid: {seed: [0, 1]}
measure: {every: log, samples: 50}
keep: log
resources: {gpus: 0, cpus: 1}
"""
CHANGES = {"pairs": ["successive", "each-label"], "samples": 40, "measures": ["gaussian", "channel"]}


@pytest.fixture
def spec(tmp_path: Path) -> SweepSpec:
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return load(str(path))


@pytest.fixture(scope="module")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sweep, finished, with its states."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "tiny.yaml").write_text(SPEC)
    driver(load(str(folder / "tiny.yaml")), folder / "runs").run()
    return folder / "runs"


@pytest.fixture
def kept(done_once: Path, tmp_path: Path) -> Store:
    """A copy of it for one test."""
    shutil.copytree(done_once, tmp_path / "runs")
    return Store(tmp_path / "runs")


def other_table(measured: SweepSpec, folder: Path) -> pd.DataFrame:
    """The epochs of the same points, trained and measured at once."""
    driver(measured, folder).run()
    return epochs(folder, measured.name)


def test_measured_anew_it_equals_a_sweep_that_measured_so_while_training(
    kept: Store, spec: SweepSpec, tmp_path: Path
) -> None:
    measured, said = remeasured(spec, CHANGES, [1, 5]), io.StringIO()
    assert measured.name == "tiny.measures-gaussian-channel.neighbors-1-5.pairs-successive-each-label.samples-40"
    driver(measured, tmp_path / "runs", said).run()
    assert "4 points (4 missing), 4 to run, 4 of them from kept states\n" in said.getvalue()
    assert all(kept.state(point).provenance["measured_from_states"] for point in measured.points)
    ours = epochs(tmp_path / "runs", measured.name)
    pd.testing.assert_frame_equal(ours, other_table(measured, tmp_path / "trained"), check_exact=True)
    assert set(ours["epoch"]) == {0, 1, 2, 3, 4}
    for point in measured.points:
        again = Store(tmp_path / "trained").state(point).history
        assert timeless(kept.state(point).history) == timeless(again)
        assert again[4].measures
    driver(measured, tmp_path / "runs", said).run()
    assert "4 points (4 finished), 0 to run\n" in said.getvalue()


@pytest.mark.slow
def test_a_damaged_state_is_seen_and_its_point_is_trained(kept: Store, spec: SweepSpec, tmp_path: Path) -> None:
    measured = remeasured(spec, CHANGES)
    hit, missed = measured.points
    path = tmp_path / "runs" / "trainings" / hit.training_id / "state-000000002"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    driver(measured, tmp_path / "runs").run()
    assert "the state kept of epoch 2 is damaged or gone: it is trained" in kept.log(hit.point_id, 1)
    assert "measured_from_states" not in kept.state(hit).provenance
    assert kept.state(missed).provenance["measured_from_states"]
    ours = epochs(tmp_path / "runs", measured.name)
    pd.testing.assert_frame_equal(ours, other_table(measured, tmp_path / "trained"), check_exact=True)


def test_states_are_kept_once_for_all_points_of_a_training(kept: Store, spec: SweepSpec, tmp_path: Path) -> None:
    states = KeptStates(kept)
    assert [states.epochs(point) for point in spec.points] == [[0, 1, 2, 4]] * 2
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "trainings").glob("*/*")}
    longer = remeasured(spec, {"every": 1})
    assert measurable(kept, longer.points, Watch(kept, longer.name, longer.points).states()) == set()
    driver(SweepSpec(longer.name, "", longer.blocks, longer.resources, "log"), tmp_path / "runs").run()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs" / "trainings").glob("*/*")} == before


def test_a_damaged_state_is_kept_anew_when_its_training_comes_by_again(kept: Store, spec: SweepSpec) -> None:
    states, point = KeptStates(kept), spec.points[0]
    state = states.read(point, 2)
    assert state is not None
    name = f"trainings/{point.training_id}/state-000000002"
    kept.objects.write(name, b"damaged")
    assert states.read(point, 2) is None
    states.keep(point, state)
    found = states.read(point, 2)
    assert found is not None
    assert found.to_bytes() == state.to_bytes()


@pytest.mark.slow
def test_states_of_other_code_are_not_measured(kept: Store, spec: SweepSpec, tmp_path: Path) -> None:
    point = spec.points[0]
    states = KeptStates(kept)
    for epoch in states.epochs(point):
        state = states.read(point, epoch)
        assert state is not None
        other = type(state)(**vars(state) | {"components": {**state.components, "training": "other"}})
        kept.objects.write(f"trainings/{point.training_id}/state-{epoch:09d}", other.to_bytes())
    measured = remeasured(spec, CHANGES)
    first, second = measured.points
    todo = priced(measured, kept, Watch(kept, measured.name, measured.points).states(), ())
    assert todo.from_states == {second.point_id}
    driver(SweepSpec(measured.name, "", measured.blocks, measured.resources, "log"), tmp_path / "runs").run()
    assert "measured_from_states" not in kept.state(first).provenance
    assert "the state kept of epoch 4 was computed by other code: it is trained" in kept.log(first.point_id, 1)
    assert kept.state(second).provenance["measured_from_states"]
    anew = states.read(point, 4)
    assert anew is not None
    assert anew.components["training"] != "other"


def test_the_plan_tells_what_is_measured_from_states_and_what_they_take(
    kept: Store, spec: SweepSpec, tmp_path: Path, run_here: Command
) -> None:
    path = tmp_path / "more.yaml"
    path.write_text(SPEC.replace("seed: [0, 1]", "seed: [0, 1, 2]").replace("every: log", "every: 4"))
    said = run_here("plan", str(path), "--store", str(tmp_path / "runs"))
    assert re.search(r"from kept states +2, measured without training", said.stdout)
    assert "MB at most, of 3 points" in said.stdout
    driver(load(str(path)), tmp_path / "runs").run()
    assert [kept.state(point).state for point in load(str(path)).points] == [State.FINISHED] * 3
    again = remeasured(spec, CHANGES)
    assert priced(again, kept, Watch(kept, again.name, again.points).states(), ()).seconds is None


@pytest.mark.slow
def test_the_cost_of_measuring_is_known_from_points_measured_so(kept: Store, spec: SweepSpec, tmp_path: Path) -> None:
    measured = remeasured(spec, CHANGES)
    one = measured.points[0]
    driver(measured, tmp_path / "runs", only=(one.point_id,)).run()
    twin = load(str(tmp_path / "tiny.yaml"), ["grid.seed=[5]"])
    driver(twin, tmp_path / "runs").run()
    again = remeasured(twin, CHANGES)
    todo = priced(again, kept, Watch(kept, again.name, again.points).states(), ())
    assert todo.from_states == {again.points[0].point_id}
    assert todo.seconds == pytest.approx(kept.state(one).result.wall_seconds)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--neighbors", "x"), "measure.neighbors 'x': must be a valid integer"),
        (("--pairs", "foo"), "measure.pairs 'foo': must be 'first-merged'"),
        (("--samples", "9999"), "measure.samples is 9999, but digits has 364"),
        ((), "nothing to measure that was not"),
        (("--every", "1", "--neighbors", "2"), "2 points of 2 would train again, which took"),
        (
            ("--neighbors", "2", "--address", "http://127.0.0.1:8265"),
            "is a dashboard, and measure runs from this process",
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_one_clear_error(
    kept: Store, tmp_path: Path, run_here: Command, arguments: tuple[str, ...], said: str
) -> None:
    done = run_here("measure", "tiny", *arguments, "--store", str(tmp_path / "runs"))
    assert done.returncode == 2
    assert said in done.stderr
    assert "next: " in done.stderr
    assert Store(tmp_path / "runs").sweeps() == ["tiny"]


def test_what_is_measured_by_default_is_what_was_kept(kept: Store, spec: SweepSpec, tmp_path: Path) -> None:
    assert _every_kept(spec, kept) is None
    always = load(str(tmp_path / "tiny.yaml"), ["measure.every=1"])
    assert _every_kept(always, kept) == "log"
    for epoch in (1, 2):
        for point in spec.points:
            kept.objects.delete(f"trainings/{point.training_id}/state-{epoch:09d}")
    assert _every_kept(spec, kept) == 4  # of a power of two too, where the first and the last alone are kept


def test_equal_requests_are_one_sweep_whose_spec_can_be_read_back(spec: SweepSpec) -> None:
    assert remeasured(spec, {}, [3, 3]).name == remeasured(spec, {}, [3]).name == "tiny.neighbors-3"
    odd = remeasured(spec, {"measures": ["channel"], "noise": 1e16})
    assert odd.name == "tiny.measures-channel.noise-1e-16"
    assert spec_from_bytes(odd.to_yaml().encode(), "kept").points == odd.points
    long = remeasured(remeasured(spec, CHANGES, range(1, 40)), {"every": 2})
    assert len(long.name) <= 100


def test_unknown_neighbors_raise_before_anything_is_read(spec: SweepSpec) -> None:
    with pytest.raises(UsageError, match="neighbors"):
        remeasured(spec, {}, ["many"])


def test_weights_are_written_for_keras_and_for_numpy(
    kept: Store, spec: SweepSpec, tmp_path: Path, run_here: Command
) -> None:
    import keras
    import numpy as np

    point = spec.points[0]
    done = run_here("weights", "tiny", point.point_id, "--store", str(tmp_path / "runs"), "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    model_path, arrays_path = map(Path, done.stdout.split())
    assert model_path == tmp_path / "out" / point.point_id / "epoch-000004.keras"
    state = KeptStates(kept).read(point, 4)
    assert state is not None
    arrays = np.load(arrays_path)
    assert [arrays[name].tobytes() for name in arrays.files] == [one.tobytes() for one in state.variables]
    assert "dense_1/kernel" in arrays.files
    images = np.zeros((2, 64), np.float32)
    assert keras.saving.load_model(model_path).predict_on_batch(images)["hidden_2"].shape == (2, 4)


def test_weights_whose_states_are_all_damaged_are_an_error_and_some_are_a_warning(
    kept: Store, spec: SweepSpec, tmp_path: Path, run_here: Command
) -> None:
    first, second = spec.points
    options = ("--store", str(tmp_path / "runs"), "-o", str(tmp_path / "out"))
    kept.objects.write(f"trainings/{first.training_id}/state-000000004", b"damaged")
    some = run_here("weights", "tiny", *options)
    assert some.returncode == 0
    assert f"{first.point_id}: the state of epoch 4 is damaged" in some.stderr
    assert second.point_id in some.stdout
    none = run_here("weights", "tiny", first.point_id, *options)
    assert none.returncode == 6
    assert "no state could be read" in none.stderr


@pytest.mark.parametrize("activation", get_args(Activation))
def test_written_networks_of_every_activation_are_loaded_as_they_were(activation: str, tmp_path: Path) -> None:
    import keras
    import numpy as np

    config = TrialConfig(activation=activation, width=2, depth=2)
    model = build(config, 64, 10)
    record = make_history(config, 0)
    state = KeptState.of(config, record, [np.array(one) for one in model.variables], None, {})
    path, _ = write(config, state, tmp_path)
    images = np.random.default_rng(0).uniform(size=(3, 64)).astype(np.float32)
    loaded = keras.saving.load_model(path).predict_on_batch(images)["hidden_2"]
    np.testing.assert_array_equal(loaded, model.predict_on_batch(images)["hidden_2"])


def test_weights_of_a_sweep_that_kept_none_say_how_to_keep_them(
    spec: SweepSpec, tmp_path: Path, run_here: Command
) -> None:
    none = load(str(tmp_path / "tiny.yaml"), ["keep=none", "grid.seed=[0]", "fixed.epochs=0"])
    driver(none, tmp_path / "runs").run()
    assert not (tmp_path / "runs" / "trainings").exists()
    done = run_here("weights", "tiny", "--store", str(tmp_path / "runs"), "-o", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "--set keep=log" in done.stderr


def test_an_unknown_word_for_keep_is_refused(tmp_path: Path, spec: SweepSpec) -> None:
    with pytest.raises(UsageError, match="keep 'all': allowed are none, last, log"):
        load(str(tmp_path / "tiny.yaml"), ["keep=all"])
    assert load(str(tmp_path / "tiny.yaml"), ["keep=last"]).keep == "last"
    assert "keep: log" in spec.to_yaml()
    assert "keep" not in load(str(tmp_path / "tiny.yaml"), ["keep=none"]).to_yaml()

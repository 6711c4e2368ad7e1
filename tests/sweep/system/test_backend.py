"""What decides numbers from outside the code: Keras' backend and file, the backend's variables, NPEET."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sweep.cluster.settings import PASSED_ON
from sweep.errors import UsageError
from sweep.planning import code_change
from sweep.store.point_state import Attempt, PointState, State
from sweep.system import backend, provenance
from tests.commands import Command
from tests.conftest import make_result
from tests.processes import program
from trainables import numeric_settings
from trainables.config import Measurement, TrialConfig

POINT = TrialConfig(epochs=1, depth=2, width=1)


@pytest.mark.parametrize(("command", "code"), [("run", 2), ("doctor", 2), ("plan", 0)])
def test_a_backend_that_is_not_supported_is_said_before_anything_starts(
    run_here: Command, tmp_path: Path, command: str, code: int
) -> None:
    done = run_here(command, "demo", "--store", str(tmp_path / "runs"), KERAS_BACKEND="torch")
    assert done.returncode == code, done.stderr
    assert "KERAS_BACKEND torch: not supported; allowed are tensorflow, jax" in done.stderr
    assert not (tmp_path / "runs" / "sweeps").exists()


def test_a_backend_that_is_not_installed_is_refused_where_trials_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="KERAS_BACKEND jax: it is not installed"):
        backend.check_backend(is_here=True)
    backend.check_backend(is_here=False)  # the nodes of a cluster have what they have


def test_points_of_npeet_are_refused_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    backend.check_estimators([POINT])
    with pytest.raises(UsageError, match="npeet: it is not installed"):
        backend.check_estimators([TrialConfig(measure=Measurement(estimator="npeet"))])


def stated(**settings: str) -> dict[str, PointState]:
    """A finished point that was computed by this code under these settings."""
    result = make_result(POINT)
    now = provenance.current() | {"settings": settings}
    attempt = Attempt(1, "", "", 0, now)
    whole = PointState(State.FINISHED, result.history_arrow, make_result(POINT), (attempt,))
    return {POINT.point_id: whole.brief()}


def test_points_of_other_settings_are_points_of_other_code() -> None:
    now = provenance.current() | {"settings": {"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}}
    change = code_change([POINT], stated(), now)
    assert dict(change.parts) == {"XLA_FLAGS": (["unset"], "--xla_cpu_enable_fast_math=true")}
    assert not code_change([POINT], stated(), provenance.current() | {"settings": {}})


def test_a_provenance_of_an_older_version_says_nothing_of_settings() -> None:
    before = {name: value for name, value in provenance.current().items() if name != "settings"}
    assert not set(numeric_settings.VARIABLES) & set(provenance.identity(before))


def test_a_trial_under_other_settings_than_its_drivers_is_refused() -> None:
    driver = provenance.code()
    trial: dict[str, Any] = {"components": driver["components"], "host": "there", "settings": {"XLA_FLAGS": "--x"}}
    with pytest.raises(provenance.OtherCode, match="XLA_FLAGS unset -> --x"):
        provenance.refuse_other_code(driver | {"settings": {}}, trial)


def test_trials_on_a_cluster_share_the_settings_of_the_driver() -> None:
    assert set(numeric_settings.VARIABLES) <= set(PASSED_ON)


def test_the_version_of_npeet_counts_for_its_own_points_alone() -> None:
    now = {"a": "1", provenance.NPEET: "0.2.0"}
    npeet = TrialConfig(measure=Measurement(estimator="npeet"))
    assert provenance.without_unused(now, [POINT]) == {"a": "1"}
    assert provenance.without_unused(now, [POINT, npeet]) == now


@pytest.mark.slow
def test_keras_own_file_moves_no_number(tmp_path: Path) -> None:
    """Two processes train one point, one of them with a file that says float64, another epsilon and channels first."""
    (tmp_path / "keras.json").write_text(
        json.dumps({"floatx": "float64", "epsilon": 1e-3, "image_data_format": "channels_first"})
    )
    printed = []
    for home in (tmp_path / "none", tmp_path):
        environment = os.environ | {"KERAS_HOME": str(home), "KERAS_BACKEND": "tensorflow"}
        done = subprocess.run(program("one_point"), env=environment, capture_output=True, text=True, check=True)
        printed.append(done.stdout.splitlines()[-1])
    assert printed[0] == printed[1]
    assert json.loads(printed[0])[-1]["mutual_information_bits"]

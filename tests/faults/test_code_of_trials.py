"""A trial computes with the code of its driver, or says that it does not."""

from pathlib import Path

import pytest

from sweep.planning import code_change
from sweep.store import State, Store
from sweep.system import provenance
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from trainables.config import TrialConfig
from trainables.identity.components import identities, names

POINT = TrialConfig(epochs=1, width=4, depth=2)


HERE = dict(identities())
OTHER_RESNET = HERE | {"architecture resnet": "a" * 16}


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        (HERE | {"training": "a" * 16}, State.FAILED),
        (OTHER_RESNET, State.FINISHED),
        (None, State.FINISHED),
    ],
)
def test_other_code_than_the_drivers_is_refused_unless_the_driver_takes_any(
    tmp_path: Path, components: dict[str, str] | None, expected: State
) -> None:
    store = Store(tmp_path)
    code = provenance.code() | {"components": components}
    work = PointAttempt(POINT, TrialSettings(str(tmp_path), None, 1, code), store, WorkerState())
    while not work.is_over:
        work.advance(60.0)
    state = store.state(POINT)
    assert state.state is expected
    if state.failure:
        assert state.failure.kind == "code"
        assert f"training {'a' * 16} -> {HERE['training']}" in state.failure.message
        assert "--accept-code-change" in state.failure.message
        assert code_change([POINT], {POINT.point_id: state}, provenance.current()).points == ()
    else:
        assert state.provenance["code_sha256"] == provenance.code()["code_sha256"]
        assert state.provenance["components"] == {name: HERE[name] for name in names(POINT)}
        assert len(state.provenance["dataset_sha256"]) == 64
        assert {"device", "driver", "threads", "packages", "git_commit"} <= state.provenance.keys()

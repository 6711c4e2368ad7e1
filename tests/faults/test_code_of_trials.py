"""A trial computes with the code of its driver, or says that it does not."""

from pathlib import Path

import pytest

from sweep.planning.changes import code_change
from sweep.store.store import State, Store
from sweep.system import provenance
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from trainables.config import TrialConfig

POINT = TrialConfig(epochs=1, width=4, depth=2)


@pytest.mark.parametrize(("code_sha256", "state"), [("a" * 64, State.FAILED), (None, State.FINISHED)])
def test_other_code_than_the_drivers_is_refused_unless_the_driver_takes_any(
    tmp_path: Path, code_sha256: str | None, state: State
) -> None:
    store = Store(tmp_path)
    code = provenance.code() | {"code_sha256": code_sha256}
    work = PointAttempt(POINT, TrialSettings(str(tmp_path), None, 1, code), store, WorkerState())
    while not work.is_over:
        work.advance(60.0)
    known = store.state(POINT)
    assert known.state is state
    here = provenance.code()["code_sha256"]
    if known.failure:
        assert known.failure.kind == "code"
        assert f"trainables is {here[:12]} on " in known.failure.message
        assert "--accept-code-change" in known.failure.message
        assert code_change({POINT.point_id: known}, provenance.current()).points == ()
    else:
        assert known.provenance["code_sha256"] == here
        assert len(known.provenance["dataset_sha256"]) == 64
        assert {"device", "driver", "threads", "packages", "git_commit"} <= known.provenance.keys()

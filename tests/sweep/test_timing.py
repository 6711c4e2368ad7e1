"""The delays of a run: from the environment by default, and the same in every process of a run."""

import pytest

from sweep.timing import LeaseTiming, StoreTiming, Timing
from sweep.trial.attempt import TrialSettings


def test_the_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SWEEP_SNAPSHOT_SECONDS", "SWEEP_HANG_SECONDS", "SWEEP_POINTS_PER_PROCESS"):
        monkeypatch.delenv(name, raising=False)
    assert Timing() == Timing(snapshot_seconds=10.0, hang_seconds=600.0, points_per_process=200)
    monkeypatch.setenv("SWEEP_SNAPSHOT_SECONDS", "0.2")
    monkeypatch.setenv("SWEEP_HANG_SECONDS", "10")
    monkeypatch.setenv("SWEEP_POINTS_PER_PROCESS", "3")
    assert Timing() == Timing(snapshot_seconds=0.2, hang_seconds=10.0, points_per_process=3)


@pytest.mark.parametrize(("hang_seconds", "slack_seconds"), [(600.0, 30.0), (10.0, 10.0)])
def test_the_driver_waits_a_little_longer_than_a_trial(hang_seconds: float, slack_seconds: float) -> None:
    assert Timing(hang_seconds=hang_seconds).slack_seconds == slack_seconds


def test_settings_reach_another_process_as_they_were() -> None:
    timing = Timing(hang_seconds=7.0, points_per_process=3, store=StoreTiming(LeaseTiming(beat_seconds=0.1)))
    sent = TrialSettings("s3://b/p", None, 2, {"sweep": "s"}, 0.5, timing)
    assert TrialSettings.from_json(sent.to_json()) == sent

"""What Tune is told when it asks for the next trial."""

from types import SimpleNamespace
from typing import Any

import pytest

from sweep.cluster.share import Share
from sweep.driver.point_queue import Execution
from sweep.driver.tune_callbacks import Suggestions
from trainables.config import TrialConfig

from ray.tune.search import Searcher  # isort: skip


def suggestion(execution: Execution | None, is_over: bool = False, must_end_trials: bool = False) -> Any:
    session: Any = SimpleNamespace(
        next_execution=lambda: execution, queue=SimpleNamespace(is_over=is_over), must_end_trials=must_end_trials
    )
    return Suggestions(session, lambda share: f"settings of {share.gpus:g} GPUs").suggest("a trial")


def test_an_execution_is_suggested_with_its_share_and_settings() -> None:
    point = TrialConfig(seed=3)
    suggested = suggestion(Execution(point, Share(0.5, 2, 1, None)))
    assert TrialConfig.model_validate_json(suggested.pop("point")) == point
    assert suggested == {"trial_settings": "settings of 0.5 GPUs", "cpus": 2, "gpus": 0.5}


def test_tune_waits_while_points_may_come_back() -> None:
    assert suggestion(None) is None


@pytest.mark.parametrize("end", ["is_over", "must_end_trials"])
def test_tune_ends_when_the_queue_is_over_and_when_trials_must_end(end: str) -> None:
    assert suggestion(None, **{end: True}) == Searcher.FINISHED

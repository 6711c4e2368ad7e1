"""The memory that points need of a GPU: judged by XLA's own analysis of their steps; and what a share has room for."""

import json
import os
import subprocess

import pytest

from sweep.planning import fit
from sweep.planning.gpu_memory import ESTIMATE_FACTOR, allowed_bytes, peak_bytes, smallest_share, step_bytes
from sweep.spec import Resources
from sweep.system.machine import Gpu
from tests.processes import program
from trainables.config import TRAIN_IMAGES, TrialConfig
from trainables.sizes import PIXELS

SMALL, LARGE = Gpu("Small", 16_000, 16_000, "1"), Gpu("Large", 80_000, 80_000, "1")
WIDE = TrialConfig(dataset="mnist", width=2000, depth=5)
NARROW = TrialConfig(dataset="mnist", width=50, depth=5)

ANALYSED = [
    TrialConfig(dataset="mnist", architecture="mlp", width=200, depth=5),
    TrialConfig(dataset="mnist", architecture="shortcut_resnet", width=10, depth=8),
    TrialConfig(dataset="mnist", architecture="mlp", width=100, depth=3, batch_norm=False, optimizer="adam"),
]


@pytest.fixture(scope="module")
def analysed() -> dict[TrialConfig, int]:
    """Bytes that XLA says a step takes for a while, by point."""
    pytest.importorskip("jax")
    asked = [(one.model_dump(mode="json"), TRAIN_IMAGES[one.dataset], PIXELS[one.dataset]) for one in ANALYSED]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = program("xla_step_bytes", json.dumps(asked))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(ANALYSED, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("point", ANALYSED, ids=lambda point: f"{point.name}-{point.optimizer}")
def test_a_step_takes_what_xla_says_within_the_factor(analysed: dict[TrialConfig, int], point: TrialConfig) -> None:
    assert analysed[point] / ESTIMATE_FACTOR <= step_bytes(point) <= analysed[point] * ESTIMATE_FACTOR


def test_more_of_anything_needs_more() -> None:
    more = [{"width": 100}, {"depth": 9}, {"optimizer": "adam"}, {"dataset": "mnist"}]
    point = TrialConfig(width=50, depth=5)
    assert all(peak_bytes(point.model_copy(update=one)) > peak_bytes(point) for one in more)


def test_points_are_too_large_by_the_smallest_gpu_and_the_remedy_has_room_for_the_largest() -> None:
    found = fit([NARROW, WIDE], Resources(gpus=0.25), [LARGE, SMALL])
    assert found is not None
    assert (found.largest, found.too_large, found.gpu) == (WIDE, 1, "Small")
    assert found.enough is not None
    again = fit([NARROW, WIDE], Resources(gpus=found.enough), [LARGE, SMALL])
    assert again is not None
    assert again.too_large == 0
    assert f"--gpus-per-trial {found.enough:g}" in found.remedy


def test_what_not_even_a_whole_gpu_holds_is_said() -> None:
    found = fit([WIDE.model_copy(update={"width": 50_000})], Resources(gpus=1), [SMALL])
    assert found is not None
    assert (found.too_large, found.enough) == (1, None)
    assert "not even a whole one" in found.remedy


def test_without_a_gpu_only_the_need_is_known_and_trials_on_cpus_have_none() -> None:
    found = fit([NARROW], Resources(gpus=0.25), [])
    assert found is not None
    assert (found.needs, found.may_take, found.too_large) == (peak_bytes(NARROW), None, 0)
    assert fit([NARROW], Resources(gpus=0), [LARGE]) is None
    assert fit([], Resources(gpus=1), [LARGE]) is None


def test_without_a_gpu_the_size_is_said_at_which_the_share_would_do() -> None:
    found = fit([NARROW], Resources(gpus=0.01), [])
    assert found is not None
    assert f"0.01 GPU for each asks for GPUs of {found.gpu_at_least / 1e9:.1f} GB or more" in found.in_words
    for gpus, share in ((0.25, 0.25), (1, 1), (2, 1)):
        asked = fit([WIDE], Resources(gpus=gpus), [])
        assert asked is not None
        size = asked.gpu_at_least / 2**20
        assert allowed_bytes(share, int(size) + 8) >= asked.needs > allowed_bytes(share, int(size) - 8)


def test_the_needs_are_known_by_point() -> None:
    found = fit([NARROW, WIDE], Resources(gpus=1), [SMALL])
    assert found is not None
    assert found.each == {point.point_id: peak_bytes(point) for point in (NARROW, WIDE)}
    assert found.warnings == []


def test_shares_too_small_for_the_contexts_of_all_processes_are_warned_of_and_the_remedy_is_not() -> None:
    point, card = TrialConfig(width=8), Gpu("Card", 15_360, 15_360, "1")
    found = fit([point], Resources(gpus=0.02), [card])
    assert found is not None
    assert found.too_large == 0
    assert found.warnings == [
        "0.02 GPU for each lets 50 trials share one Card and take 39.5 GB of its 16.1 GB: 0.6 GB for the CUDA context "
        "of each process and up to 0.16 GB for its trial; --gpus-per-trial 0.083 gives them room"
    ]
    assert found.enough == 0.083
    again = fit([point], Resources(gpus=found.enough), [card])
    assert again is not None
    assert again.warnings == []
    few = fit([point], Resources(gpus=0.02), [card], max_concurrent=20)
    assert few is not None
    assert few.warnings == []


def test_the_smallest_share_has_room_and_the_next_smaller_has_not() -> None:
    assert smallest_share(70_000 * 2**20, 80_000) == 1.0
    assert smallest_share(30_000 * 2**20, 80_000) == 0.5
    assert smallest_share(80_000 * 2**20, 80_000) is None

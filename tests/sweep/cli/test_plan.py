"""What `plan` says of GPUs: shares too small, with one that will do, and none of the head of a cluster."""

import json
import shlex
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from sweep.store import Store
from tests.commands import Command
from tests.nvidia import Card, module_of
from trainables.config import TrialConfig
from trainables.records import PointResult


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVIDIA's driver lists one card of 15,360 MiB."""
    monkeypatch.setitem(sys.modules, "pynvml", module_of(Card("GPU-aaaa-1", "Card", 15360, 15000)))


def test_plan_warns_of_a_share_too_small_and_says_what_was_asked_again_with_one_that_will_do(
    sweep: Command, card: None
) -> None:
    asked = ["plan", "demo", "--gpus-per-trial", "0.02", "--cpus-per-trial", "0.5", "--max-concurrent", "40"]
    environment = {"CUDA_VISIBLE_DEVICES": "0"}
    said = sweep(*asked, "--retry", "infra", "--data-dir", "/data", **environment).stderr
    assert "lets 40 trials share one Card and take 31.6 GB of its 16.1 GB" in said
    command = shlex.split(said.splitlines()[-1].partition(": ")[2])
    given = dict(pairwise(command))
    assert given["--gpus-per-trial"] == "0.083"
    assert (given["--cpus-per-trial"], given["--max-concurrent"]) == ("0.5", "40")
    assert (given["--retry"], given["--data-dir"]) == ("infra", "/data")
    plan = json.loads(sweep(*asked, "--json", **environment).stdout)
    assert (plan["gpu_is_crowded"], plan["gpus_per_trial_enough"]) == (True, 0.083)
    assert plan["point_gpu_bytes"].keys() == set(plan["to_run"])
    assert max(plan["point_gpu_bytes"].values()) == plan["trial_gpu_bytes"]


def test_plan_as_a_job_speaks_of_no_gpu_and_no_cpu_of_the_head(
    sweep: Command, here: Path, card: None, result: Callable[[TrialConfig], PointResult]
) -> None:
    store = Store(here / "runs")
    point = TrialConfig(epochs=4, width=8)
    spec = here / "one.yaml"
    spec.write_text("name: one\nfixed: {epochs: 4, width: 8}\ngrid: {seed: [0, 1]}\n")
    store.commit_result(point, result(point))
    said = json.dumps({"address": "http://127.0.0.1:8265", "spec": ["one.yaml"]})
    environment = {"CUDA_VISIBLE_DEVICES": "0", "SWEEP_SAID": said}
    asked = ["plan", "one.yaml", "--gpus-per-trial", "0.1"]
    found = sweep(*asked, **environment).stdout
    assert "0.1 GPU for each asks for GPUs of" in found
    assert "no GPU here" not in found
    assert "this machine" not in found
    assert "with --max-concurrent N it is known" in found
    assert "if the cluster holds 3 at a time" in sweep(*asked, "--max-concurrent", "3", **environment).stdout

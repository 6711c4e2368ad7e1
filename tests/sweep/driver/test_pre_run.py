"""What a run says of the GPUs before it starts."""

import pytest
from rich.console import Console

from sweep.driver.pre_run import warn_of_gpu_memory
from sweep.planning import Plan, fit, plan
from sweep.spec import Resources, SweepSpec
from sweep.store import load
from sweep.store.store import NOTHING
from sweep.system.machine import Gpu


@pytest.fixture
def spec() -> SweepSpec:
    return load("fig4a", ["grid.seed=[0]"])


def todo(spec: SweepSpec) -> Plan:
    return plan(spec.points, {point.point_id: NOTHING for point in spec.points})


@pytest.mark.parametrize("gpus", [[], [Gpu("Large", 80_000, 80_000, "1")]], ids=["none", "large"])
def test_where_every_point_has_room_nothing_is_said(spec: SweepSpec, gpus: list[Gpu]) -> None:
    assert said(spec, 1.0, gpus) == ""


def test_a_share_that_is_too_small_is_said_once_with_one_that_will_do(spec: SweepSpec) -> None:
    small = Gpu("Small", 8_000, 8_000, "1")
    text = said(spec, 0.02, [Gpu("Large", 80_000, 80_000, "1"), small])
    assert "too small a part of a GPU for " in text
    assert "lets 50 trials share one Small and take " in text
    assert text.count("gives them room") == 1
    room = fit(spec.points, Resources(gpus=0.1, cpus=1), [small])
    assert room
    assert f"--gpus-per-trial {room.enough:g} gives them room" in text
    assert said(spec, room.enough or 1.0, [small]) == ""


def said(spec: SweepSpec, share: float, gpus: list[Gpu]) -> str:
    console = Console(record=True, width=300)
    wanted = spec.with_resources({"gpus": share})
    warn_of_gpu_memory(wanted, todo(wanted), gpus, None, console)
    return console.export_text()

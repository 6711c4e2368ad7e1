"""What a run says of this machine's GPUs before it starts."""

import pytest
from rich.console import Console

from sweep import machine
from sweep.beforehand import say_what_is_too_small
from sweep.machine import Gpu
from sweep.memory import fit
from sweep.plan import Plan, plan
from sweep.spec import Resources, SweepSpec
from sweep.spec_reader import load
from sweep.store import NOTHING


@pytest.fixture
def spec() -> SweepSpec:
    return load("fig4a", ["grid.seed=[0]"])


def todo(spec: SweepSpec) -> Plan:
    return plan(spec.points, {point.point_id: NOTHING for point in spec.points})


@pytest.mark.parametrize("gpus", [[], [Gpu("Large", 80_000, 80_000, "1")]], ids=["none", "large"])
def test_where_every_point_has_room_nothing_is_said(
    spec: SweepSpec, monkeypatch: pytest.MonkeyPatch, gpus: list[Gpu]
) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: gpus)
    assert said(spec, 1.0) == ""


def test_a_share_that_is_too_small_is_said_with_one_that_will_do(
    spec: SweepSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Gpu("Small", 8_000, 8_000, "1")
    monkeypatch.setattr(machine, "gpus", lambda: [small])
    text = said(spec, 0.1)
    assert "points need more of a GPU than their share" in text
    room = fit(spec.points, Resources(gpus=0.1, cpus=1), [small])
    assert room
    assert f"--gpus-per-trial {room.enough:g} gives them room" in text
    assert said(spec, room.enough or 1.0) == ""


def said(spec: SweepSpec, gpus: float) -> str:
    console = Console(record=True, width=300)
    wanted = spec.with_resources({"gpus": gpus})
    say_what_is_too_small(wanted, todo(wanted), None, console)
    return console.export_text()

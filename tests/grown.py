"""Sweeps that run until decided, of points that a made-up world gives: what they compute, and what they say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.claims import CLAIMS
from analysis.sequential import Decisions, run_until_decided
from sweep.errors import PointsFailed
from sweep.planning import priced
from sweep.spec import SweepSpec
from sweep.store import Attempt, Store, load
from tests.synthetic import Measured, World, history_of
from tests.worlds import with_still_twins
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, Failure, PointResult

SPEC = """
name: grown
fixed: {epochs: 8, width: 8, depth: 4}
grid: {architecture: [mlp, resnet], frozen: [false, true], seed: [5]}
resources: {gpus: 0, cpus: 1}
"""


FEW = [claim for claim in CLAIMS if claim.name in ("mlp-rises", "resnet-peaks")]


class Runs:
    """Computes points as a world has them, and counts them. stops: raises KeyboardInterrupt after so many."""

    seconds = 60.0

    def __init__(self, store: Store, world: World, stops: int | None = None) -> None:
        self.store, self.world, self.stops = store, world, stops
        self.computed: list[TrialConfig] = []

    def __call__(self, spec: SweepSpec) -> None:
        self.store.save_spec(spec.name, spec.to_yaml())
        for point, state in zip(spec.points, self.store.states_of(spec.points), strict=True):
            if state.state.is_done:
                continue
            if len(self.computed) == self.stops:
                raise KeyboardInterrupt
            sink = pa.BufferOutputStream()
            with pa.ipc.new_file(sink, HISTORY_SCHEMA) as writer:
                writer.write_table(history_of(self.world(point)))
            history = sink.getvalue().to_pybytes()
            self.store.commit_result(point, PointResult(point.canonical(), "finished", 1, self.seconds, {}, history))
            self.computed.append(point)


class Failing(Runs):
    """The same, where points of which `fails` is true fail, as the driver has it. stalls: none is run after one."""

    def __init__(self, store: Store, world: World, fails: Callable[[TrialConfig], bool], stalls: bool = False) -> None:
        super().__init__(store, world)
        self.fails, self.stalls = fails, stalls

    def __call__(self, spec: SweepSpec) -> None:
        failed = [point for point in spec.points if self.fails(point)]
        for point in failed:
            if not self.store.state(point).attempts:
                failure = Failure("code", "ValueError: no", "")
                self.store.save_attempt(point.point_id, Attempt(1, "", "here", 0, {}, failure=failure))
        if not (failed and self.stalls):
            super().__call__(_Spec(spec.name, [point for point in spec.points if point not in failed], spec.to_yaml))
        if failed:
            raise PointsFailed(f"{len(failed)} points failed", next="sweep failures grown")


class _Spec(NamedTuple):
    """As much of a spec as runs are computed by."""

    name: str
    points: list[TrialConfig]
    to_yaml: Callable[[], str]


def until_decided(
    spec: SweepSpec, store: Store, runs: Runs, say_to: list[str] | None = None, **more: Any
) -> tuple[Decisions, list[str]]:
    said = [] if say_to is None else say_to

    def price(grown: SweepSpec) -> float | None:
        states = {point.point_id: store.state(point) for point in grown.points}
        seconds = priced(grown, store, states, ()).seconds
        return None if seconds is None else seconds / 3600

    return run_until_decided(spec, store, str(store.root), runs, price, said.append, **more), said


def by_architecture(config: TrialConfig) -> Measured:
    """MLPs differ from their twins by far more than seeds do; residual networks by less, and their twins as they do."""
    if config.architecture == "mlp":
        return with_still_twins(config)
    noise = np.random.default_rng([config.seed, config.frozen]).normal(scale=0.3, size=config.epochs + 1)
    bits = 5 + noise
    return Measured(np.linspace(0.9, 0.5, config.epochs + 1), {"first-merged": (bits, bits)})


def grown(folder: Path) -> SweepSpec:
    """The spec of MLPs and residual networks with frozen twins, as a file of the folder."""
    (folder / "grown.yaml").write_text(SPEC)
    return load(str(folder / "grown.yaml"), [])

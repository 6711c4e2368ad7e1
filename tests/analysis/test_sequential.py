"""Seeds where they decide: looks that share 5 % of error, networks that grow, and decisions that a store repeats."""

import contextlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from analysis.claims import CLAIMS
from analysis.claims.runs import read_runs
from analysis.cli import app
from analysis.sequential import LOOKS, Decisions, decided_at, looks, run_until_decided
from analysis.statistics import fewest_seeds
from sweep.errors import Interrupted, PointsFailed, SweepError, UsageError
from sweep.planning import priced
from sweep.spec import SweepSpec, spec_from_bytes
from sweep.store import Attempt, Store, load, recorded_decisions
from tests.drivers import driver
from tests.judged import ORIGIN
from tests.synthetic import Measured, World, grid, history_of, of_noise, tables, with_still_twins, with_twins
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, Failure, PointResult

SPEC = """
name: grown
fixed: {epochs: 8, width: 8, depth: 4}
grid: {architecture: [mlp, resnet], frozen: [false, true], seed: [5]}
resources: {gpus: 0, cpus: 1}
"""


@pytest.fixture
def spec(tmp_path: Path) -> SweepSpec:
    (tmp_path / "grown.yaml").write_text(SPEC)
    return load(str(tmp_path / "grown.yaml"), [])


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


def test_the_looks_spend_five_percent_and_the_first_can_decide() -> None:
    for seeds in (LOOKS, (10, 20), (8,)):
        found = looks(seeds)
        assert sum(one.level for one in found) == pytest.approx(0.05)
        assert all(2.0 ** (1 - one.seeds) < one.level for one in found)
    assert fewest_seeds() < LOOKS[0]


def test_a_claim_that_half_of_the_seeds_test_spends_its_error_where_they_can_decide() -> None:
    for seeds in (LOOKS, (20, 40), (30,)):
        found = looks(seeds)
        spending = [one for one in found if one.level_of_half]
        assert sum(one.level_of_half for one in found) == pytest.approx(0.05)
        assert all(2.0 ** (1 - one.seeds // 2) < one.level_of_half for one in spending)
        assert all(2.0 ** (1 - one.seeds // 2) > one.level for one in found if not one.level_of_half)
    assert [one.level_of_half for one in looks((8, 10))] == [0.0, 0.0]


def test_claims_whose_quantities_are_not_measured_are_not_asked_and_cost_no_seeds(
    spec: SweepSpec, tmp_path: Path
) -> None:
    """Of MLPs and residual networks without geometry or mini-batches: neither dimension nor drift is asked of them."""
    store = Store(tmp_path / "runs")
    found, _ = until_decided(spec, store, Runs(store, by_architecture), seeds=(8,))
    assert "mlp-rises" in found.verdicts
    assert not {"lower-dimensional", "drift-then-diffusion", "shortcut-falls"} & set(found.verdicts)


def test_a_claim_that_seeds_cannot_decide_does_not_stay_open() -> None:
    """At the ceiling a reading is a bound, with however many seeds."""
    runs = read_runs(*tables(with_twins(grid(seed=range(8), epochs=8)), of_noise))
    bounds = [
        replace(run, curves={name: replace(curve, is_near_ceiling=True) for name, curve in run.curves.items()})
        for run in runs
    ]
    claims = [claim for claim in CLAIMS if claim.name == "mlp-rises"]
    decisions = [decided_at(looks((8,))[0], seen, claims, ORIGIN) for seen in (runs, bounds)]
    assert [one.verdicts for one in decisions] == [{"mlp-rises": "undecided"}] * 2
    assert [one.still_open for one in decisions] == [("mlp-rises",), ()]


def an_mlp_fails(config: TrialConfig) -> bool:
    return config.architecture == "mlp" and config.seed == 3 and not config.frozen


def test_failed_points_are_left_out_of_looks_that_decide_nothing_on_claims_about_them(
    spec: SweepSpec, tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs")
    said: list[str] = []
    with pytest.raises(PointsFailed) as raised:
        until_decided(spec, store, Failing(store, by_architecture, an_mlp_fails), say_to=said, claims=FEW)
    assert "1 points failed; the looks were taken without them" in str(raised.value)
    assert "sweep failures grown; the same with --retry all goes on with the claims about them" in str(raised.value)
    kept = recorded_decisions(store, "grown")
    assert [look["seeds"] for look in kept["looks"]] == list(LOOKS)
    first = kept["looks"][0]
    assert first["verdicts"]["mlp-rises"] == "undecided"
    assert first["lacking"]["mlp-rises"] == "1 unfinished point (1 failed)"
    assert first["open"] == ["resnet-peaks"]
    (named,) = [one for one in said if "failed, and claims about them" in one][:1]
    assert named.startswith("  1 point failed, and claims about them are not decided: mlp-w8-d4-s3-")
    points = Counter((one.architecture, one.frozen) for one in store.spec("grown").points)
    assert points == {("mlp", False): 8, ("mlp", True): 8, ("resnet", False): 27, ("resnet", True): 27}


def test_after_failures_are_mended_it_decides_as_if_nothing_had_failed(spec: SweepSpec, tmp_path: Path) -> None:
    store, undisturbed = Store(tmp_path / "runs"), Store(tmp_path / "other")
    with pytest.raises(PointsFailed):
        until_decided(spec, store, Failing(store, by_architecture, an_mlp_fails), claims=FEW)
    found, _ = until_decided(spec, store, Runs(store, by_architecture), claims=FEW)
    whole, _ = until_decided(spec, undisturbed, Runs(undisturbed, by_architecture), claims=FEW)
    assert found.plain() == whole.plain()
    assert found.made[0].verdicts["mlp-rises"] == "supported"


def test_where_other_points_are_not_there_the_look_is_not_taken_and_the_same_goes_on(
    spec: SweepSpec, tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs")
    stalled = Failing(store, by_architecture, lambda config: config.seed == 8, stalls=True)
    with pytest.raises(PointsFailed) as raised:
        until_decided(spec, store, stalled, claims=FEW)
    assert "look 2 is not taken, as 6 points of it are not there: 2 points failed" in str(raised.value)
    assert raised.value.next == "sweep failures grown; then the same again with --retry all"
    assert len(recorded_decisions(store, "grown")["looks"]) == 1
    found, _ = until_decided(spec, store, Runs(store, by_architecture), claims=FEW)
    other = Store(tmp_path / "other")
    assert found.plain() == until_decided(spec, other, Runs(other, by_architecture), claims=FEW)[0].plain()


def test_a_stop_keeps_a_look_from_being_taken_and_the_same_again_goes_on(spec: SweepSpec, tmp_path: Path) -> None:
    def stopped(grown: SweepSpec) -> None:
        raise Interrupted("stopped with 32 points to go", next="sweep resume grown")

    store = Store(tmp_path / "runs")
    with pytest.raises(Interrupted, match="look 1 is not taken, as 32 points of it are not there") as raised:
        run_until_decided(spec, store, str(store.root), stopped, lambda grown: None, lambda text: None)
    assert raised.value.next == "the same again"


def test_what_is_supported_but_for_a_control_that_cannot_tell_gets_no_more_seeds() -> None:
    """The frozen twins are at the ceiling: however many seeds, nothing is beyond the control."""
    points = with_twins(grid(seed=range(8), epochs=8))
    epochs, rows = tables(points, with_still_twins)
    rows["mi_ceiling_bits"] = np.where(rows["frozen"], 1.0, 30.0)
    claims = [claim for claim in CLAIMS if claim.name == "mlp-rises"]
    decision = decided_at(looks((8,))[0], read_runs(epochs, rows), claims, ORIGIN)
    assert decision.verdicts == {"mlp-rises": "undecided"}
    assert (decision.still_open, decision.lacking) == ((), {"mlp-rises": "values below their ceiling"})


def test_only_networks_of_open_claims_get_more_seeds(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    runs = Runs(store, by_architecture)
    found, said = until_decided(spec, store, runs, claims=FEW)
    assert said[0] == (
        "look 1 of 4: seeds 0 to 7 of 4 networks, 32 points to run, "
        "verdicts at p below 0.0148 (at none where half of the seeds choose)"
    )
    assert found.made[0].verdicts == {"mlp-rises": "supported", "resnet-peaks": "undecided"}
    assert (found.verdicts, found.ended) == (found.made[0].verdicts, "last look")
    seeds = Counter((point.architecture, point.frozen) for point in runs.computed)
    assert seeds == {("mlp", False): 8, ("mlp", True): 8, ("resnet", False): 27, ("resnet", True): 27}
    assert recorded_decisions(store, "grown") == found.plain()


def test_stopped_at_any_point_and_begun_again_it_decides_the_same(spec: SweepSpec, tmp_path: Path) -> None:
    undisturbed = Runs(Store(tmp_path / "whole"), by_architecture)
    whole, _ = until_decided(spec, undisturbed.store, undisturbed, claims=FEW)
    assert [look.look.seeds for look in whole.made] == list(LOOKS)
    store, computed = Store(tmp_path / "runs"), []
    for stops in (5, 27, 13, 3, None):  # in look 1, where it ends, and twice in look 3
        runs = Runs(store, by_architecture, stops)
        with contextlib.suppress(KeyboardInterrupt):
            found, _ = until_decided(spec, store, runs, claims=FEW)
        computed += runs.computed
    assert found == whole
    assert [point.point_id for point in computed] == [point.point_id for point in undisturbed.computed]
    again = Runs(store, by_architecture)
    assert until_decided(spec, store, again, claims=FEW)[0] == whole
    assert again.computed == []


def test_a_look_beyond_the_budget_is_not_begun(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    runs = Runs(store, by_architecture)
    found, said = until_decided(
        spec, store, runs, budget_hours=0.6, claims=FEW
    )  # a minute for each point: 32 in the first look
    assert (len(found.made), found.ended, len(runs.computed)) == (1, "budget", 32)
    assert said[-1] == "grown: the budget does not reach for the next look, and what is open stays open"
    assert said[-2] == (
        "look 2 takes 0.13 h of trials, 0.53 h are spent, and the budget is 0.6 h; next: the same with --budget 1h"
    )
    assert until_decided(spec, store, runs, budget_hours=0.6, claims=FEW)[0] == found
    assert len(until_decided(spec, store, runs, budget_hours=1.0, claims=FEW)[0].made) > 1


def test_a_budget_that_the_first_look_would_pass_is_refused_after_one_seed_of_each_network(
    spec: SweepSpec, tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs")
    runs = Runs(store, by_architecture)
    for _ in range(2):
        with pytest.raises(SweepError) as raised:
            until_decided(spec, store, runs, budget_hours=0.3, claims=FEW)
        assert str(raised.value) == (
            "look 1 takes 0.47 h of trials, 0.067 h are spent, and the budget is 0.3 h: nothing is decided\n"
            "  next: the same with --budget 1h, or with fewer networks"
        )
        assert {point.seed for point in runs.computed} == {0}
    assert len(runs.computed) == 4
    assert recorded_decisions(store, "grown") is None


def test_a_look_that_was_begun_within_the_budget_is_finished(spec: SweepSpec, tmp_path: Path) -> None:
    """Trials that take longer than expected make a look dearer than the budget, whether or not it is killed."""

    class Slower(Runs):
        seconds = 90.0

    found = []
    for stops in (None, 4):
        store = Store(tmp_path / f"runs-{stops}")
        until_decided(spec, store, Runs(store, by_architecture), seeds=(8,), claims=FEW)
        for at_most in (stops, None):  # 32 minutes are spent, 8 more expected: they take 12
            with contextlib.suppress(KeyboardInterrupt):
                slower = Slower(store, by_architecture, at_most)
                found.append(until_decided(spec, store, slower, budget_hours=0.68, claims=FEW)[0])
    assert all(one == found[0] for one in found)
    assert [look.look.seeds for look in found[0].made] == [8, 12]


@pytest.mark.slow
def test_the_grown_spec_is_one_that_reads_back(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    until_decided(spec, store, Runs(store, by_architecture))
    kept = store.spec("grown")
    assert spec_from_bytes(kept.to_yaml().encode(), "grown").points == kept.points
    assert {point.epochs for point in kept.points} == {8}


def test_networks_that_no_claim_compares_are_refused_before_any_is_trained(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        SPEC.replace("grown", "other").replace("width: 8", "width: 8, activation: relu")
    )
    spec, store = load(str(tmp_path / "other.yaml"), []), Store(tmp_path / "runs")
    runs = Runs(store, by_architecture)
    with pytest.raises(UsageError, match="other: no claim compares its 4 networks"):
        until_decided(spec, store, runs)
    assert runs.computed == []


def test_networks_beside_those_that_claims_compare_get_no_seeds(tmp_path: Path) -> None:
    (tmp_path / "mixed.yaml").write_text(
        SPEC.replace("grown", "mixed").replace("grid: {", "grid: {activation: [tanh, relu], ")
    )
    spec, store = load(str(tmp_path / "mixed.yaml"), []), Store(tmp_path / "runs")
    runs = Runs(store, by_architecture)
    _, said = until_decided(spec, store, runs, seeds=(8,), claims=FEW)
    assert said[0].startswith("4 networks that no claim compares get no seeds: ")
    assert Counter(point.activation for point in runs.computed) == {"tanh": 32}


@pytest.mark.slow
def test_real_networks_are_trained_until_their_claims_are_decided(tmp_path: Path) -> None:
    text = SPEC.replace("architecture: [mlp, resnet]", "architecture: [mlp]").replace("epochs: 8", "epochs: 4")
    (tmp_path / "real.yaml").write_text(text.replace("grown", "real"))
    spec, store = load(str(tmp_path / "real.yaml"), []), Store(tmp_path / "runs")

    def run(grown: SweepSpec) -> None:
        driver(grown, tmp_path / "runs").run()

    found = run_until_decided(spec, store, str(store.root), run, lambda grown: None, lambda text: None, seeds=(8, 12))
    kept = store.spec("real")
    assert len(kept.points) in (16, 24)
    assert all(one.state.is_done for one in store.states_of(kept.points))
    assert set(found.verdicts) <= {claim.name for claim in CLAIMS}
    app(["claims", "real", "--json", "--store", str(store.root)], standalone_mode=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "never"], "--until never: allowed is decided"),
        (["--budget", "2h"], "--budget is for --until"),
        (["--until", "decided", "--point", "x"], "--until chooses the points itself"),
    ],
)
def test_what_makes_no_sense_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        app(["run", "demo", *words, "--store", str(tmp_path)], standalone_mode=False)


@pytest.mark.parametrize("text", ["x", "2d", "0h", "-3h"])
def test_a_budget_that_is_no_time_is_refused(text: str, run_here: Callable[..., object], tmp_path: Path) -> None:
    done = run_here("run", "demo", "--until", "decided", "--budget", text, "--store", str(tmp_path))
    assert done.returncode == 2  # type: ignore[attr-defined]


def test_claims_tell_what_was_decided_at_each_look(
    spec: SweepSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "runs")
    found, _ = until_decided(spec, store, Runs(store, by_architecture))
    capsys.readouterr()
    app(["claims", "grown", "--store", str(store.root), "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["decisions"] == found.plain()
    app(["claims", "grown", "--store", str(store.root)], standalone_mode=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "at the look of 8 seeds, verdicts at p below 0.0148 (at none where half of the seeds choose): " in said
    assert "correlates-first undecided, mlp-rises supported" in said


def test_stopped_between_looks_it_has_recorded_the_looks_it_took(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    with contextlib.suppress(KeyboardInterrupt):
        until_decided(spec, store, Runs(store, by_architecture, stops=40))
    kept = recorded_decisions(store, "grown")
    assert kept is not None
    assert ([look["seeds"] for look in kept["looks"]], kept["ended"]) == ([8], "not yet")


@pytest.mark.slow
def test_points_that_another_sweep_computed_are_judged_as_this_ones(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    found, _ = until_decided(spec, store, Runs(store, by_architecture))
    other, _ = until_decided(replace(spec, name="again"), store, Runs(store, by_architecture, stops=0))
    assert other == found

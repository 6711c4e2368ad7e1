"""Seeds where they decide: looks that share 5 % of error, networks that grow, and decisions that a store repeats."""

import contextlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.claims import CLAIMS
from analysis.claims.runs import read_runs
from analysis.cli import app
from analysis.sequential import LOOKS, decided_at, looks, run_until_decided
from analysis.statistics import fewest_seeds
from sweep.spec import SweepSpec, spec_from_bytes
from sweep.store import Store, load, recorded_decisions
from tests.drivers import driver
from tests.grown import FEW, SPEC, Runs, by_architecture, grown, until_decided
from tests.judged import ORIGIN
from tests.synthetic import grid, tables
from tests.worlds import of_noise, with_still_twins, with_twins


@pytest.fixture
def spec(tmp_path: Path) -> SweepSpec:
    return grown(tmp_path)


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


@pytest.mark.slow
def test_the_grown_spec_is_one_that_reads_back(spec: SweepSpec, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    until_decided(spec, store, Runs(store, by_architecture))
    kept = store.spec("grown")
    assert spec_from_bytes(kept.to_yaml().encode(), "grown").points == kept.points
    assert {point.epochs for point in kept.points} == {8}


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

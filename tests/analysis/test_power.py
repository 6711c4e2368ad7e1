"""Seeds that decide a claim: as many as simulated sweeps take."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.claims import CLAIMS, Reading, Verdict, judge
from analysis.claims.power import power_of_difference, power_of_equivalence, remarks, seeds_needed
from analysis.claims.runs import read_runs
from analysis.cli import app
from analysis.statistics import mean_over_cells, p_beyond
from sweep.errors import UsageError
from sweep.store import Store, load
from tests.conftest import make_result
from tests.judged import ORIGIN
from tests.synthetic import Measured, grid, tables
from trainables.config import TrialConfig

SWEEPS = 400


def by_seed(numbers: np.ndarray) -> list[dict[int, float]]:
    return [dict(enumerate(numbers))]


@pytest.mark.parametrize(("distance", "seeds"), [(0.5, 9), (0.4, 12), (1.0, 6)])
def test_the_power_is_that_of_the_tests_of_whole_seeds(distance: float, seeds: int) -> None:
    draws = np.random.default_rng(0).normal(distance, 0.5, (SWEEPS, seeds))
    found = np.mean([(mean_over_cells(by_seed(draw)).p or 1.0) < 0.05 for draw in draws])
    assert found == pytest.approx(power_of_difference(distance, 0.5, seeds), abs=0.08)


@pytest.mark.parametrize(("distance", "seeds"), [(0.0, 9), (0.03, 12)])
def test_the_power_of_no_effect_is_that_of_its_tests(distance: float, seeds: int) -> None:
    draws = np.random.default_rng(1).normal(distance, 0.1, (SWEEPS, seeds))
    found = np.mean([p_beyond(by_seed(draw), 0.0, 0.1) < 0.05 for draw in draws])
    assert found == pytest.approx(power_of_equivalence(distance, 0.1, 0.1, seeds), abs=0.08)


def rising(by: float, spread: float):  # type: ignore[no-untyped-def]
    def world(config: TrialConfig) -> Measured:
        own = np.random.default_rng(config.seed).normal(by, spread)
        bits = 5 + np.linspace(0, own, config.epochs + 1)
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    return world


@pytest.mark.parametrize(
    ("by", "spread", "points_to"),
    [(0.5, 0.4, Verdict.SUPPORTED), (-0.5, 0.4, Verdict.CONTRADICTED), (0.01, 0.03, Verdict.NO_EFFECT)],
)
def test_it_tells_where_the_effects_point_and_what_the_missing_seeds_take(
    by: float, spread: float, points_to: Verdict
) -> None:
    epochs, points = tables(grid(seed=range(5), width=[20, 30], epochs=8), rising(by, spread))
    found = seeds_needed(judge(epochs, points, CLAIMS[:1], ORIGIN), points)
    one = next(one for one in found if one.reading == Reading("NPEET"))
    assert (one.points_to, one.seeds_now) == (points_to, 5)
    assert one.seeds is not None
    assert 6 <= one.seeds <= 40
    assert one.hours == pytest.approx((one.seeds - 5) * 2 * 60 / 3600)  # a minute for each of two networks


def test_claims_whose_half_of_the_seeds_chooses_take_twice_as_many() -> None:
    def peaking(config: TrialConfig) -> Measured:
        noise = np.random.default_rng(config.seed).normal(scale=0.2, size=config.epochs + 1)
        bits = 5 + np.sin(np.linspace(0, 3, config.epochs + 1)) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    epochs, points = tables(grid(architecture="resnet", seed=range(8), epochs=20), peaking)
    (one, _) = seeds_needed(judge(epochs, points, [CLAIMS[2]], ORIGIN), points)[:2]
    assert one.seeds_now == 8
    assert one.seeds is not None
    assert one.seeds % 2 == 0
    assert one.seeds >= 12


def test_the_spread_of_a_rank_correlation_is_not_that_of_its_cut_interval() -> None:
    """Near 1 the interval ends at 1; the seeds differ as they do."""
    epochs, points = tables(grid(seed=range(8), epochs=8), rising(0.3, 0.4))
    (judgement,) = judge(epochs, points, CLAIMS[:1], ORIGIN)
    _, trend = judgement.answers[0].findings
    numbers = [CLAIMS[0].effects[1].of([group], "NPEET")[0] for group in CLAIMS[0].groups(read_runs(epochs, points))]
    assert trend.unit == "rho"
    assert trend.estimate.high == 1.0
    assert trend.spread == pytest.approx(np.std(numbers, ddof=1))


def test_what_is_undefined_or_diverged_is_said_with_how_many_there_are() -> None:
    def world(config: TrialConfig) -> Measured:
        return rising(0.5 if config.seed else 0.0, 0.4 if config.seed else 0.0)(config)

    configs = grid(seed=range(8), epochs=8)
    judgements = judge(*tables(configs, world, {configs[7].point_id: "diverged"}), CLAIMS[:1], ORIGIN)
    said = {one.reading.name: one.said for one in remarks(judgements)}
    assert said["NPEET"] == (
        "1 of 7 numbers undefined (rank correlation of MI with epoch); "
        f"left out: 1 diverged (so the others are chosen by their outcome): {configs[7].point_id}"
    )


def test_a_claim_without_numbers_says_which_half_of_the_seeds_it_lacks() -> None:
    epochs, points = tables(grid(architecture="resnet", seed=range(0, 24, 2), epochs=20), rising(0.5, 0.4))
    judgements = judge(epochs, points, [CLAIMS[2]], ORIGIN)
    assert seeds_needed(judgements, points) == []
    assert "(odd ones here: 0)" in remarks(judgements)[0].said


def test_without_spread_there_is_nothing_to_tell() -> None:
    epochs, points = tables(grid(seed=[0], epochs=8), rising(0.5, 0.4))
    assert seeds_needed(judge(epochs, points, CLAIMS[:1], ORIGIN), points) == []


def test_the_command_gives_a_table_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, spec = Store(tmp_path / "runs"), load("demo", ["fixed.epochs=6", "grid.seed=0..2"])
    store.save_spec(spec.name, spec.to_yaml())
    for point in spec.points:
        store.commit_result(point, make_result(point))
    app(["power", "demo", "--store", str(store.root)], standalone_mode=False)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["claim", "reading", "effect"]
    assert rows
    app(["power", "demo", "--store", str(store.root), "--all", "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed["power"] == 0.8
    assert all({"claim", "reading", "said"} <= set(one) for one in printed["remarks"])
    assert {"claim", "reading", "seeds", "hours", "points_to"} <= set(printed["claims"][0])
    with pytest.raises(UsageError, match=r"--power 2: allowed is 0.5 to 0.99"):
        app(["power", "demo", "--power", "2", "--store", str(store.root)], standalone_mode=False)

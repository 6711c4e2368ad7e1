"""What a sweep that runs until decided is kept from: failed points, stops, budgets, networks that no claim compares."""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.cli import app
from analysis.sequential import LOOKS, run_until_decided
from sweep.errors import Interrupted, PointsFailed, SweepError, UsageError
from sweep.spec import SweepSpec
from sweep.store import Store, load, recorded_decisions
from tests.grown import FEW, SPEC, Failing, Runs, by_architecture, grown, until_decided
from trainables.config import TrialConfig


@pytest.fixture
def spec(tmp_path: Path) -> SweepSpec:
    return grown(tmp_path)


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

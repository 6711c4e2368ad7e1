"""Claims: supported in a world made to support them, contradicted in its opposite, undecided wherever points lack."""

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from analysis.claims import CLAIMS, Answer, Judgement, Verdict, judge, plain, text
from analysis.claims.contrasts import chooses
from analysis.claims.judging import judge_runs
from analysis.claims.runs import Run, read_runs
from analysis.statistics import fewest_seeds
from sweep.spec import presets
from sweep.store import load
from tests.judged import BY_NAME, ORIGIN, judged
from tests.synthetic import ARCHITECTURES, Measured, World, grid, tables
from tests.worlds import (
    as_denied,
    as_told,
    both_papers,
    by_scale_alone,
    by_width,
    in_mini_batches,
    of_noise,
    without_effect,
)
from trainables.config import TrialConfig

each_claim = pytest.mark.parametrize("name", BY_NAME)


OF_MINI_BATCHES = "drift-then-diffusion"


def points_of(name: str, seeds: Sequence[int] = range(14)) -> list[TrialConfig]:
    return in_mini_batches(seeds) if name == OF_MINI_BATCHES else both_papers(seeds)


@cache
def in_world(world: World) -> dict[str, Judgement]:
    others = [claim for claim in CLAIMS if claim.name != OF_MINI_BATCHES]
    found = {one.claim.name: one for one in judge(*tables(both_papers(), world), others, ORIGIN)}
    return found | {OF_MINI_BATCHES: judged(OF_MINI_BATCHES, in_mini_batches(), world)}


@cache
def decided_in(world: World) -> dict[str, Judgement]:
    """By the readings alone on which verdicts rest: half of the time."""
    others = [claim for claim in CLAIMS if claim.name != OF_MINI_BATCHES]
    of_each = ((both_papers(), others), (in_mini_batches(), [BY_NAME[OF_MINI_BATCHES]]))
    return {
        one.claim.name: one
        for points, claims in of_each
        for one in judge_runs(read_runs(*tables(points, world)), claims, ORIGIN, only_deciding=True)
    }


@cache
def compared(name: str) -> list[Run]:
    """The runs that a claim looks at, of those that it can be asked of."""
    return [run for group in BY_NAME[name].groups(told(name == OF_MINI_BATCHES)) for run in group.runs.values()]


@cache
def told(by_mini_batches: bool) -> list[Run]:
    return read_runs(*tables(in_mini_batches() if by_mini_batches else both_papers(), as_told))


def configs_compared(name: str) -> list[TrialConfig]:
    looked_at = {run.point_id for run in compared(name)}
    return [config for config in points_of(name) if config.point_id in looked_at]


def with_one_run(name: str, state: str) -> tuple[Run, tuple[Answer, ...]]:
    """A run that the claim looks at, and what is said of the claim when that run is in this state."""
    run = compared(name)[0]
    configs = configs_compared(name)
    if state != "diverged":  # an unfinished point blocks any verdict, with few seeds as with many
        configs = [config for config in configs if config.seed < 3]
    return run, judged(name, configs, as_told, {run.point_id: state}).answers


def verdicts(judgement: Judgement) -> set[Verdict]:
    return {answer.verdict for answer in judgement.deciding}


@each_claim
def test_a_world_as_told_supports_it(name: str) -> None:
    found = in_world(as_told)[name]
    assert verdicts(found) == {Verdict.SUPPORTED}
    assert found.verdict == "supported"
    assert {answer.need for answer in found.answers} == {None}
    for finding in [finding for answer in found.deciding for finding in answer.findings]:
        assert finding.estimate.low <= finding.estimate.value <= finding.estimate.high
        assert finding.estimate.p < 0.05
        assert finding.estimate.p <= finding.p


@each_claim
def test_the_opposite_world_contradicts_it(name: str) -> None:
    assert verdicts(in_world_of_enough_seeds(name, as_denied)) == {Verdict.CONTRADICTED}


def in_world_of_enough_seeds(name: str, world: World) -> Judgement:
    if name != "correlates-first":
        return decided_in(world)[name]
    # eight effects tested by half of the seeds: fourteen are too few for what takes a correction
    return judged(name, grid(architecture=list(ARCHITECTURES), seed=range(22), epochs=30), world)


PEAKS_IN_THE_MIRROR_TOO = {"correlates-first", "resnet-needs-less"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [claim.name for claim in CLAIMS if len(claim.measures) == 2 and claim.name not in PEAKS_IN_THE_MIRROR_TOO]
)
def test_what_holds_on_one_scale_alone_is_said(name: str) -> None:
    found = in_world(by_scale_alone)[name]
    assert found.scales_differ
    assert found.verdict == "NPEET: supported, balanced: contradicted"
    assert "the scales differ" in text([found], 200)


@each_claim
def test_a_world_of_noise_decides_nothing(name: str) -> None:
    assert verdicts(decided_in(of_noise)[name]) <= {Verdict.UNDECIDED, Verdict.NO_EFFECT}


@each_claim
def test_a_world_where_all_fare_alike_has_no_effect_of_interest(name: str) -> None:
    assert verdicts(in_world_of_enough_seeds(name, without_effect)) == {Verdict.NO_EFFECT}


ONE_CONFIG_OR_SMALL_OPPOSITES = {
    *("isometry-maximal", "isometry-by-channel", "bottleneck-at-isometry"),
    *("depth-hinders", "final-mi-not-needed"),
}
"""In the mixed world: of one config at each depth, or the opposite is too small to count, or another effect is none."""


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in ONE_CONFIG_OR_SMALL_OPPOSITES])
def test_networks_of_which_some_are_as_told_and_some_the_opposite_decide_nothing(name: str) -> None:
    found = decided_in(by_width)[name]
    assert verdicts(found) == {Verdict.UNDECIDED}
    assert all(any(one.has_either_sign for one in answer.findings) for answer in found.deciding)


@each_claim
@pytest.mark.parametrize(
    "state",
    ["missing", pytest.param("interrupted", marks=pytest.mark.slow), pytest.param("failed", marks=pytest.mark.slow)],
)
def test_an_unfinished_point_leaves_it_undecided_is_named_and_comes_with_its_command(name: str, state: str) -> None:
    run, answers = with_one_run(name, state)
    for answer in answers:
        assert answer.verdict == Verdict.UNDECIDED
        assert answer.left_out[run.point_id] == state
        assert run.point_id not in answer.used
        assert answer.need.lack == f"1 unfinished point (1 {state})"
        assert answer.need.command == "sweep resume made" + " --retry all" * (state == "failed")


@each_claim
def test_a_diverged_point_is_left_out_with_those_compared_to_it_and_named(name: str) -> None:
    run, answers = with_one_run(name, "diverged")
    everything = in_world(as_told)[name].answers
    for answer, before in zip(answers, everything, strict=True):
        assert answer.verdict == before.verdict
        reasons = dict(answer.left_out)
        assert reasons.pop(run.point_id) == "diverged"
        assert set(reasons.values()) <= {"compared with a point that is left out"}
        assert {*answer.used, *answer.left_out} == set(before.used)


@each_claim
def test_where_all_diverged_nothing_is_concluded(name: str) -> None:
    states = {run.point_id: "diverged" for run in compared(name)}
    for answer in judged(name, configs_compared(name), as_told, states).answers:
        assert answer.verdict == Verdict.UNDECIDED
        assert not answer.findings
        assert "do not diverge" in answer.need.lack


@each_claim
def test_a_single_seed_shows_its_value_and_asks_for_a_second(name: str) -> None:
    for answer in judged(name, points_of(name, seeds=[0]), as_told).answers:
        assert answer.verdict == Verdict.UNDECIDED
        assert answer.need.lack == "a second seed"
        assert answer.need.command == "sweep run made.yaml --set grid.seed=0..5"
        assert all(finding.estimate.low is None for finding in answer.findings if finding.estimate)


def test_a_network_with_one_seed_is_left_out_beside_those_with_more() -> None:
    configs = [*grid(seed=[0, 1, 2], width=[20], epochs=8), *grid(seed=[0], width=[30], epochs=8)]
    answer = judged("mlp-rises", configs, as_told).answers[0]
    assert answer.left_out == {configs[-1].point_id: "only seed of its kind"}
    assert answer.findings[0].estimate.n == 3


@each_claim
def test_without_the_points_it_compares_it_names_them_and_the_preset(name: str) -> None:
    claim = BY_NAME[name]
    alone = grid(architecture="mlp", batch_norm=False, seed=[0, 1], epochs=4)
    for answer in judged(name, alone, as_told).answers:
        assert answer.verdict == Verdict.UNDECIDED
        assert answer.need.lack == claim.needs
        assert answer.need.command == f"sweep run {claim.preset} --set fixed.dataset=digits"


def test_a_scale_that_was_not_measured_is_asked_for() -> None:
    epochs, points = tables(both_papers(), as_told)
    found = judge(epochs.assign(mutual_information_balanced_bits=float("nan")), points, CLAIMS[:1], ORIGIN)
    npeet, balanced = found[0].deciding
    assert npeet.verdict == Verdict.SUPPORTED
    assert balanced.verdict == Verdict.UNDECIDED
    assert "--set 'measure.scales=[none, balanced]'" in balanced.need.command


def test_a_network_nearly_as_accurate_with_far_less_mi_shows_that_it_is_not_needed() -> None:
    courses = {"mlp": (3.0, 0.0700), "shortcut": (9.0, 0.0695), "resnet": (4.0, 0.2), "shortcut_resnet": (5.0, 0.2)}

    def near_tie(config: TrialConfig) -> Measured:
        level, error = courses[config.architecture]
        noise = np.random.default_rng([config.seed, len(config.architecture)]).normal(scale=0.05)
        bits = np.full(config.epochs + 1, level + noise)
        return Measured(np.linspace(0.9, error, config.epochs + 1), {"first-merged": (bits, bits)})

    configs = grid(architecture=[*courses], seed=range(12), epochs=8)
    answer, _ = judged("final-mi-not-needed", configs, near_tie).deciding
    assert answer.verdict == Verdict.SUPPORTED
    assert answer.findings[0].estimate.value == pytest.approx(-6, abs=0.2)


def test_configs_that_agree_do_not_differ_in_sign() -> None:
    for judgement in in_world(as_told).values():
        for finding in [finding for answer in judgement.deciding for finding in answer.findings]:
            assert not finding.has_either_sign
            assert finding.configs_as_claimed == len(finding.by_config)


def test_points_of_another_kind_change_no_verdict() -> None:
    """A failure among them neither: a claim is about the points that it compares."""
    others = {run.point_id: "failed" for run in compared("resnet-peaks")}
    assert verdicts(judged("mlp-rises", both_papers(), as_told, others)) == {Verdict.SUPPORTED}


def test_the_same_tables_give_the_same_bytes_in_any_order() -> None:
    epochs, points = tables(both_papers(seeds=range(3), epochs=8), as_told)
    shuffled = epochs.sample(frac=1, random_state=1), points.sample(frac=1, random_state=2)
    first = json.dumps(plain(judge(epochs, points, CLAIMS, ORIGIN)))
    assert json.dumps(plain(judge(*shuffled, CLAIMS, ORIGIN))) == first


def test_what_is_asked_beside_it_changes_no_verdict() -> None:
    tables_of_both = tables(both_papers(), as_told)
    (alone,) = judge(*tables_of_both, CLAIMS[:1], ORIGIN)
    together, *_ = judge(*tables_of_both, CLAIMS[:4], ORIGIN)
    assert alone == together


@each_claim
def test_it_says_where_it_stands_how_it_is_judged_and_who_runs_it(name: str) -> None:
    claim = BY_NAME[name]
    assert claim.definition.startswith(f"{claim.paper}, ")
    assert "Judged on" in claim.definition or "Judged for" in claim.definition
    assert claim.preset in presets()


@each_claim
def test_its_preset_holds_the_points_that_it_needs(name: str) -> None:
    claim = BY_NAME[name]
    runs = [Run(point.point_id, "missing", point.flat(), {}) for point in load(claim.preset).points]
    groups = claim.groups(runs)
    assert groups
    for run in (run for group in groups for run in group.runs.values()):
        for field, values in (setting.split("=") for setting in claim.settings):
            held = str(run.config[field.replace(".", "_")]).split()
            assert set(values.strip("[]").split(", ")) <= set(held), f"{run.point_id} lacks {field}={values}"


@each_claim
def test_its_preset_has_the_seeds_that_can_decide_it(name: str) -> None:
    claim = BY_NAME[name]
    runs = [Run(point.point_id, "missing", point.flat(), {}) for point in load(claim.preset).points]
    testing = {group.seed for group in claim.groups(runs) if not (claim.half_chooses and chooses(group))}
    assert len(testing) >= fewest_seeds()


def test_the_numbers_run_on_from_one() -> None:
    assert [claim.number for claim in CLAIMS] == list(range(1, len(CLAIMS) + 1))

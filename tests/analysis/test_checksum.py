"""The checksum of a claim's definition: what decides its verdict changes it, nothing else does."""

from collections.abc import Callable
from dataclasses import replace as with_fields
from pathlib import Path

import pytest

from analysis.claims import CLAIMS
from analysis.claims.checksum import ROOT, checksum
from tests.code_edits import Edit, edited_copy, rename, replace
from tests.judged import BY_NAME


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Edit], set[str]]:
    """Edits a copy of the package; the claims whose checksum that changes."""

    def apply(edit: Edit) -> set[str]:
        root = edited_copy(tmp_path, edit, ROOT)
        return {claim.name for claim in CLAIMS if checksum(claim, root) != checksum(claim)}

    return apply


@pytest.mark.parametrize(
    ("edit", "those"),
    [
        (replace("claims/mlp_rises.py", ".last -", ".first -"), {"mlp-rises"}),
        (replace("claims/final_not_needed.py", "MARGIN = 1.1", "MARGIN = 1.2"), {"final-mi-not-needed"}),
        (replace("claims/one_epoch_trains.py", "else 0.0", "else 1.0"), {"one-epoch-trains"}),
        (
            replace("claims/depth_hinders.py", "DEEP_ENOUGH, BEYOND = 5, 10", "DEEP_ENOUGH, BEYOND = 4, 10"),
            {"depth-hinders"},
        ),
        (
            replace("claims/resnet_peaks.py", "INSIDE: Shares = (0.1, 0.9)", "INSIDE: Shares = (0.2, 0.9)"),
            {"resnet-peaks", "correlates-first", "resnet-needs-less"},
        ),
        (
            replace("claims/contrasts.py", "% 2 == 0", "% 2 == 1"),
            {claim.name for claim in CLAIMS if claim.half_chooses},
        ),
        (
            replace("claims/mlp_rises.py", "is_measured=has_first_to_last", "is_measured=lambda run, measure: True"),
            {"mlp-rises"},
        ),
        (
            replace("claims/depth_lowers.py", "lambda depths: len(depths) > 1", "lambda depths: len(depths) > 2"),
            {"depth-lowers-mi"},
        ),
    ],
)
def test_what_decides_a_verdict_changes_the_checksums_concerned(
    changed: Callable[[Edit], set[str]], edit: Edit, those: set[str]
) -> None:
    assert changed(edit) == those


def test_code_that_claims_share_through_what_they_read_of_runs_counts(changed: Callable[[Edit], set[str]]) -> None:
    """The median over the last tenth of the epochs is a property of curves, which no claim names by its module."""
    found = changed(replace("claims/runs.py", "0.9 * self.epochs[-1]", "0.8 * self.epochs[-1]"))
    assert {"depth-hinders", "final-mi-not-needed", "one-epoch-trains"} <= found
    assert not found & {"mlp-rises", "isometry-maximal"}


@pytest.mark.parametrize(
    "edit",
    [
        replace("claims/mlp_rises.py", "    return ", "    # said otherwise\n    return "),
        replace("claims/contrasts.py", "The effect with that number of the single run of every group.", "Other words."),
        replace("claims/mlp_rises.py", 'statement="MLP:', 'statement="The MLP:'),
        replace("claims/mlp_rises.py", 'preset="', 'preset="other-'),
        replace("claims/final_not_needed.py", "(1.05, 1.2)", "(1.05, 1.3)"),
        replace(
            "claims/runs.py", "    def is_whole(", "    def x(self) -> int:\n        return 1\n\n    def is_whole("
        ),
        replace("claims/judging.py", "AT_CEILING = ", "BOUND = "),
        rename("rank_correlation_or_nan", "rank_correlation_if_any"),
    ],
)
def test_what_decides_no_verdict_changes_no_checksum(changed: Callable[[Edit], set[str]], edit: Edit) -> None:
    assert changed(edit) == set()


def test_text_and_margins_that_no_code_holds_count() -> None:
    claim = BY_NAME["mlp-rises"]
    effect = claim.effects[0]
    others = [
        with_fields(claim, definition=claim.definition + " Or so."),
        with_fields(claim, effects=(with_fields(effect, smallest=0.2), *claim.effects[1:])),
        with_fields(claim, measures=("NPEET",)),
        with_fields(claim, half_chooses=True),
    ]
    assert len({checksum(one) for one in (claim, *others)}) == 5
    assert checksum(with_fields(claim, number=99, version=9)) == checksum(claim)

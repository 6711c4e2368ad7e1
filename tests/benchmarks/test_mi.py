"""The rivals agree with ours, and the timings are extrapolated, lost and summed up as they are said to be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.mi import extrapolated, timed
from benchmarks.mi_report import growth, with_ratios
from benchmarks.rivals import RIVALS, Absent
from benchmarks.samples import gaussians

WRONG_DIGAMMA = {"ennemi": 1e-5}


@pytest.mark.parametrize("rival", [rival for rival in RIVALS if rival != "mi-sweep"])
def test_the_rivals_give_our_value(rival: str) -> None:
    x, y = gaussians(200, 4)
    try:
        theirs = RIVALS[rival]()(x, y)
    except (Absent, ImportError) as why:
        pytest.skip(str(why))
    assert theirs == pytest.approx(RIVALS["mi-sweep"]()(x, y), abs=WRONG_DIGAMMA.get(rival, 1e-9))


def row(n: int, d: int, **known: Any) -> dict[str, Any]:
    first = {"sample": "gaussian", "n": n, "d": d, "rival": "slow", "seconds": 1e-6 * n**2 * d}
    return first | {"bits": 1.0, "extra_mib": 0.0, "extrapolated": False, "failure": None} | known


def test_a_cell_over_budget_is_extrapolated_by_n_squared_and_d() -> None:
    rows = [row(10, 2), row(20, 2)]
    found = extrapolated(rows, row(40, 10), budget=0.01)
    assert found["seconds"] == pytest.approx(row(40, 10)["seconds"])
    assert found["extrapolated"]
    assert extrapolated(rows, row(40, 10), budget=0.02) is None


@pytest.mark.parametrize(
    "known",
    [
        row(20, 4, extrapolated=True),
        row(20, 4, failure="killed"),
        row(20, 4, rival="other"),
        row(20, 4, sample="mnist"),
    ],
)
def test_nothing_is_extrapolated_from_what_was_not_timed(known: dict[str, Any]) -> None:
    assert extrapolated([known], row(40, 4), budget=0.0) is None


def test_the_nearest_d_is_what_a_cell_is_extrapolated_from() -> None:
    rows = [row(40, 2, seconds=1.0), row(10, 4, seconds=1.0)]
    assert extrapolated(rows, row(40, 4), budget=0.0)["seconds"] == pytest.approx(16.0)


def test_a_cell_that_fails_is_a_row_that_says_why(tmp_path: Path) -> None:
    assert "FileNotFoundError" in timed("scipy", tmp_path / "missing.npz", repeats=1, limit=60)["failure"]
    assert timed("scipy", tmp_path / "missing.npz", repeats=1, limit=0.01)["failure"] == "killed after 0 s"


def test_growth_is_the_exponent_of_the_timed_cells() -> None:
    rows = [row(n, 3) for n in (10, 20, 40)] + [row(80, 3, seconds=1e9, extrapolated=True), row(90, 3, failure="no")]
    assert growth(pd.DataFrame(rows), "n") == pytest.approx(2)
    assert np.isnan(growth(pd.DataFrame(rows[:1]), "n"))


def test_ratios_are_to_ours_in_the_same_cell() -> None:
    rows = [row(n, 3, rival=rival, seconds=s) for n in (10, 20) for rival, s in (("slow", 6.0 * n), ("mi-sweep", n))]
    assert with_ratios(pd.DataFrame(rows))["times_slower"].tolist() == [6.0, 1.0, 6.0, 1.0]

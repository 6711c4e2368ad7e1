"""The runs that claims compare: curves from the tables, and groups of runs that differ in one thing alone."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.quantities import (
    BALANCED_BITS,
    CEILINGS,
    JACOBIAN_MEAN,
    KSG_CEILING,
    OF_LAYERS,
    OTHER_MEASURES,
    PAPER_BITS,
    PREFERRED_PAIRS,
    TEST_ERROR,
    layer_row,
)
from trainables.config import WITH_SHORTCUT, TrialConfig

CONFIG_FIELDS = tuple(TrialConfig().flat())
KSG_COLUMNS = (PAPER_BITS, BALANCED_BITS)
MI_COLUMNS = {"NPEET": PAPER_BITS, "balanced": BALANCED_BITS, **OTHER_MEASURES}


@dataclass(frozen=True, eq=False)
class Curve:
    """A quantity through training: epochs (n,) that ascend, and its finite values (n,) there.

    is_near_ceiling: whether one of them is within 5 % of the most that so many samples can give: a bound, and no level
    to compare.
    """

    epochs: np.ndarray
    values: np.ndarray
    is_near_ceiling: bool = False

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def first(self) -> float:
        """The value at its first epoch."""
        return float(self.values[0])

    @property
    def last(self) -> float:
        """The value at its last epoch."""
        return float(self.values[-1])

    @property
    def settled(self) -> float:
        """The median over the last tenth of the epochs: single epochs of full-batch training jump."""
        return float(np.median(self.values[self.epochs >= 0.9 * self.epochs[-1]]))


NEAR_CEILING = 0.95
NOTHING = Curve(np.empty(0, int), np.empty(0))


@dataclass(frozen=True, eq=False)
class Run:
    """A point with its measurements: `curves` by pair of layers and column of the epochs table.

    mean_squared_singular_value: of the Jacobian of the last hidden layer, untrained; NaN where it is not known.
    difference_of: the trained and the frozen run whose difference it is, if it is one. start: the epoch with which its
    training begins here. pairs: those of first and last layer, the first that is measured counts.
    """

    point_id: str
    state: str
    config: Mapping[str, Any]
    curves: Mapping[tuple[str, str], Curve]
    mean_squared_singular_value: float = float("nan")
    difference_of: tuple["Run", "Run"] | None = None
    start: int = 0
    pairs: Sequence[str] = PREFERRED_PAIRS

    @property
    def point_ids(self) -> list[str]:
        """The points behind it."""
        return [run.point_id for run in self.difference_of or (self,)]

    @property
    def errors(self) -> Curve:
        """Its test error, a share of the validation images."""
        return next((curve for (_, column), curve in self.curves.items() if column == TEST_ERROR), NOTHING)

    def bits(self, pair: str, measure: str) -> Curve:
        """The MI of a pair of layers by that measure; an empty curve where it was not measured."""
        return self.curves.get((pair, MI_COLUMNS[measure]), NOTHING)

    def first_to_last(self, measure: str) -> Curve:
        """The MI between first and last layer as the paper takes it: with a shortcut, what enters the softmax."""
        pairs = self.pairs[:1] if self.config["architecture"] in WITH_SHORTCUT else self.pairs
        return next((curve for pair in pairs if len(curve := self.bits(pair, measure))), NOTHING)

    def of_layer(self, layer: str, quantity: str) -> Curve:
        """A quantity of a layer: `1` is hidden layer 1, or `merged`; an empty curve where it was not measured."""
        return self.curves.get((layer_row(layer), quantity), NOTHING)

    def of_what_enters_the_softmax(self, quantity: str) -> Curve:
        """That of the last hidden layer; with a shortcut, of its sum with the first."""
        of_merged = self.of_layer("merged", quantity)
        has_shortcut = self.config["architecture"] in WITH_SHORTCUT
        return of_merged if has_shortcut or len(of_merged) else self.of_layer(str(self.config["depth"]), quantity)

    def is_whole(self, curve: Curve) -> bool:
        """Whether the curve has a value where its training begins and one after all of it."""
        return len(curve) > 1 and curve.epochs[0] == self.start and curve.epochs[-1] == self.config["epochs"]


@dataclass(frozen=True, eq=False)
class RunGroup:
    """Runs of one seed that are compared, by the value in which they differ; `cell` is the config that they share."""

    cell: tuple[tuple[str, Any], ...]
    runs: Mapping[Any, Run]

    @property
    def seed(self) -> int:
        """The seed that its runs share."""
        return int(next(iter(self.runs.values())).config["seed"])

    @property
    def is_difference(self) -> bool:
        """Whether its runs are differences of trained and frozen ones."""
        return all(run.difference_of for run in self.runs.values())

    def side(self, place: int) -> "RunGroup":
        """Of differences the trained runs (0), or the frozen ones (1)."""
        sides = {value: run.difference_of[place] for value, run in self.runs.items() if run.difference_of}
        return RunGroup(self.cell, sides)

    @property
    def only(self) -> Run:
        """The run of a group of one."""
        (run,) = self.runs.values()
        return run


def read_runs(epochs: pd.DataFrame, points: pd.DataFrame) -> list[Run]:
    """Every point of the tables as a run, in any state, sorted by id."""
    curves: dict[str, dict[tuple[str, str], Curve]] = {}
    in_order = epochs.sort_values("epoch", kind="stable")
    steps = in_order["epoch"].to_numpy()
    present = [TEST_ERROR, *(column for column in (*MI_COLUMNS.values(), *OF_LAYERS) if column in epochs)]
    columns = {column: in_order[column].to_numpy(float) for column in present}
    of_others = {of: in_order[column].to_numpy(float) for of, column in CEILINGS.items() if column in epochs}
    of_ksg = dict(zip(points["point_id"], points[KSG_CEILING], strict=True)) if KSG_CEILING in points else {}
    rows_of: Mapping[tuple[str, str], np.ndarray] = in_order.groupby(["point_id", "pair"]).indices  # type: ignore[assignment]
    for (point_id, pair), rows in sorted(rows_of.items(), key=lambda of: of[0]):
        for column, values in columns.items():
            finite = rows[np.isfinite(values[rows])]
            ceiling = of_ksg.get(point_id, np.nan) if column in KSG_COLUMNS else np.nan
            if not len(finite):
                continue
            if column in of_others:
                ceiling = of_others[column][finite].min()
            is_near = bool((values[finite] > NEAR_CEILING * ceiling).any())
            curves.setdefault(point_id, {})[pair, column] = Curve(steps[finite], values[finite], is_near)
    return [
        Run(
            row["point_id"],
            row["state"],
            {name: row[name] for name in CONFIG_FIELDS},
            curves.get(row["point_id"], {}),
            float(row.get(JACOBIAN_MEAN, "nan")),
        )
        for row in points.drop_duplicates("point_id").sort_values("point_id").to_dict("records")
    ]


def of_the_paper(runs: Iterable[Run], *architectures: str) -> list[Run]:
    """The runs of these architectures that are networks of Hodas & Stinis 2018, trained by all images at once.

    Of the two readings of figure 3 they are by the first.
    """
    chosen = [run for run in runs if run.config["architecture"] in architectures and _is_of_the_paper(run)]
    return [run for run in chosen if run.config["batch_size"] == "all"]


def by_mini_batches(runs: Iterable[Run]) -> list[Run]:
    """The runs that are networks of the paper but for their training by mini-batches."""
    return [run for run in runs if run.config["batch_size"] != "all" and _is_of_the_paper(run)]


def _is_of_the_paper(run: Run) -> bool:
    """Whether the network is as in section 2 of the paper: trained tanh units, batch-normalized, without noise."""
    config = run.config
    is_plain = config["batch_norm"] and config["gain"] == 1 and not config["channel_noise"]
    is_plain = is_plain and config["activation"] == "tanh" and not config["bias_std"]
    is_plain = is_plain and config["residual_sums"] == "pairs"
    return bool(is_plain and config["epochs"] > 0 and config["initializer"] in ("glorot_normal", "he_normal"))


def alone(runs: Iterable[Run]) -> list[RunGroup]:
    """Every run as a group of its own; those that differ in the seed alone share a cell."""
    return [RunGroup(_cell(run, ()), {run.config["architecture"]: run}) for run in runs]


def compared(runs: Iterable[Run], by: str | tuple[str, ...], is_complete: Callable[[set[Any]], bool]) -> list[RunGroup]:
    """Groups of runs with equal seed and config, except for the field, or fields, `by` which they are compared.

    is_complete: whether a group has the values of that field that a comparison needs.
    """
    fields = (by,) if isinstance(by, str) else by
    by_config: dict[Hashable, dict[Any, Run]] = {}
    for run in runs:
        value = run.config[by] if isinstance(by, str) else tuple(run.config[field] for field in by)
        by_config.setdefault((_cell(run, fields), run.config["seed"]), {})[value] = run
    return [
        RunGroup(_cell(next(iter(group.values())), fields), group)
        for group in by_config.values()
        if is_complete(set(group))
    ]


def across_architectures(*architectures: str) -> Callable[[Sequence[Run]], list[RunGroup]]:
    """Groups of the paper's networks that hold one of each of these architectures, all else equal."""

    def groups(runs: Sequence[Run]) -> list[RunGroup]:
        chosen = of_the_paper(runs, *architectures)
        return compared(chosen, "architecture", lambda present: present == set(architectures))

    return groups


def of_architectures(*architectures: str) -> Callable[[Sequence[Run]], list[RunGroup]]:
    """Each of the paper's networks of these architectures by itself."""
    return lambda runs: alone(of_the_paper(runs, *architectures))


def first_to_last(run: Run, measure: str) -> Curve:
    """Its MI between first and last layer; an empty curve where the measure is the error."""
    return run.first_to_last(measure) if measure in MI_COLUMNS else NOTHING


def has_first_to_last(run: Run, measure: str) -> bool:
    """Whether the MI between first and last layer is known before and after training, and the error with it."""
    return run.is_whole(run.first_to_last(measure)) and run.is_whole(run.errors)


def has_errors(run: Run, _: str) -> bool:
    """Whether the test error is known before and after training."""
    return run.is_whole(run.errors)


def _cell(run: Run, without: Sequence[str]) -> tuple[tuple[str, Any], ...]:
    left_out = {"seed", *without}
    return tuple((name, value) for name, value in run.config.items() if name not in left_out)

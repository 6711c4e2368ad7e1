"""The contents of a report, gathered from the store before anything is written."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.claims import CLAIMS, Judgement, Origin, beside_looks, beside_older, beside_starts, judge
from analysis.claims.sensitivity import Sensitivity, not_varied, sensitivity
from analysis.figures import FIGURES, FigureData, NothingToDraw, numbers, png
from analysis.figures.drawing.saving import csv
from analysis.quantities import DONE_STATES
from analysis.report import environment, estimator_check
from analysis.tables import layer_values, measured_values, with_layers, with_measures
from analysis.tables.collect import collect
from analysis.tables.tables import assemble
from sweep.commands import command_line
from sweep.store import Store, recorded_decisions, recorded_definitions, running


@dataclass(frozen=True)
class Picture:
    """A figure with its words, its numbers as CSV, and the command that draws it."""

    name: str
    data: FigureData
    png: bytes
    csv: bytes
    command: str


@dataclass(frozen=True)
class Failures:
    """Points that failed alike: the kind, the first line of the message, and the points."""

    kind: str
    message: str
    points: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """Everything on the page.

    states: number of points by state. not_drawn: the reason, by name of the figure. overcome: number of failed attempts
    by kind, of points that have their result. newest: when the last attempt ended (ISO 8601), None where none has.
    commands: by purpose, to paste.
    """

    sweep: str
    description: str
    spec: str
    states: Mapping[str, int]
    newest: str | None
    judgements: tuple[Judgement, ...]
    starts: tuple[Mapping[str, Any], ...]
    decisions: Mapping[str, Any] | None
    sensitivity: tuple[Sensitivity, ...]
    not_varied: tuple[str, ...]
    pictures: tuple[Picture, ...]
    not_drawn: Mapping[str, str]
    checks: tuple[estimator_check.Check, ...]
    what_measures_show: Mapping[str, str]
    failures: tuple[Failures, ...]
    overcome: Mapping[str, int]
    environment: Mapping[str, Sequence[tuple[str, int]]]
    commands: Mapping[str, str]

    @property
    def total(self) -> int:
        """Number of points of the sweep."""
        return sum(self.states.values())

    @property
    def is_complete(self) -> bool:
        """Whether every point has its result; a training that diverged is one."""
        return all(state in DONE_STATES for state in self.states)


def gather(store: Store, sweep: str, store_option: str, begin: Callable[[str], None]) -> Contents:
    """Read the sweep, judge its claims, draw its figures and try the estimator.

    begin: called with the name of each step when it begins. Raises as `Store.spec`.
    """
    begin("reading the store")
    spec, at_work = store.spec(sweep), running(store, sweep)
    states, collected, others, of_layers = [], [], [], []
    for point, state in zip(spec.points, store.states_of(spec.points, store.marks()), strict=True):
        states.append(state.brief())
        collected.append(collect(sweep, point, state, at_work))
        others += measured_values([(point, state)])
        of_layers += layer_values([(point, state)])
    tables = assemble([rows.epochs for rows in collected], [rows.row for rows in collected])
    epochs, points = with_measures(tables.epochs.to_pandas(), others), tables.points.to_pandas()
    address = store.spec_address(sweep)
    begin("judging the claims")
    origin = Origin(sweep, address, store_option, bool(at_work))
    judged = with_layers(epochs, of_layers)
    judgements = beside_older(judge(judged, points, CLAIMS, origin), judged, points, origin)
    starts, decisions = recorded_definitions(store, sweep), recorded_decisions(store, sweep)
    judgements = beside_starts(beside_looks(judgements, decisions), starts)
    begin("judging them with other choices")
    sensitive = sensitivity(judgements, judged, points, origin)
    pictures, not_drawn = [], {}
    for number, name in enumerate(FIGURES, 1):
        begin(f"drawing figure {number} of {len(FIGURES)}: {name}")
        command = command_line("figures", sweep, "-o", "out", "--only", name, store=store_option)
        try:
            data = numbers(name, epochs, points)
        except NothingToDraw as reason:
            not_drawn[name] = str(reason)
            continue
        pictures.append(Picture(name, data, png(name, data, with_text=False), csv(data), command))
    measured = [point for point, state in zip(spec.points, states, strict=True) if state.summary]
    checks, measures = [], list(dict.fromkeys(name for point in measured for name in point.measure.measures))
    for size in estimator_check.sizes(measured):
        begin(f"trying the estimator: N = {size.samples:,}, {size.units_x} and {size.units_y} units")
        checks.append(estimator_check.check(size, measures))
    example = (measured or spec.points)[0].point_id
    go_on = ["status", sweep, "--watch"] if at_work else ["resume", sweep]
    return Contents(
        sweep=sweep,
        description=spec.description,
        spec=spec.to_yaml(),
        states=dict(Counter(points["state"])),
        newest=_newest(points),
        judgements=tuple(judgements),
        starts=tuple(starts),
        decisions=decisions,
        sensitivity=tuple(sensitive),
        not_varied=tuple(not_varied(points)),
        pictures=tuple(pictures),
        not_drawn=not_drawn,
        checks=tuple(checks),
        what_measures_show=estimator_check.what_they_show(measured),
        failures=_failures(points),
        overcome=_recovered(points),
        environment=environment.settings(
            (point, state.provenance) for point, state in zip(spec.points, states, strict=True)
        ),
        commands={
            "run": command_line("run", address, store=store_option),
            "one point": command_line("run", address, "--point", example, store="alone"),
            "look at it": command_line("show", sweep, example, store=store_option),
            "go on": command_line(*go_on, store=store_option),
            "failures": command_line("failures", sweep, store=store_option),
            "claims": command_line("claims", sweep, "--json", store=store_option),
            "export": command_line("export", sweep, "-o", "out", store=store_option),
        },
    )


def _newest(points: pd.DataFrame) -> str | None:
    return max(
        (attempt["ended"] for times in points["attempt_times"] for attempt in times if attempt["ended"]), default=None
    )


def _failures(points: pd.DataFrame) -> tuple[Failures, ...]:
    """The most frequent first."""
    alike: dict[tuple[str, str], list[str]] = {}
    for point in points[points["state"] == "failed"].itertuples():
        lines = str(point.failure_message).strip().splitlines() or ["no message"]
        alike.setdefault((str(point.failure_kind), lines[0]), []).append(str(point.point_id))
    groups = [Failures(kind, message, tuple(ids)) for (kind, message), ids in alike.items()]
    return tuple(sorted(groups, key=lambda group: -len(group.points)))


def _recovered(points: pd.DataFrame) -> dict[str, int]:
    done = points[points["state"].isin(DONE_STATES)]
    kinds: Counter[Any] = Counter(attempt["failure_kind"] for times in done["attempt_times"] for attempt in times)
    return {kind: count for kind, count in kinds.most_common() if kind}

"""Claims: sentences of the papers, with the effects whose sign they predict, and the ways in which they are asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from analysis.claims.runs import Curve, Run, RunGroup, first_to_last

Measure = Literal["NPEET", "balanced", "rank", "gaussian", "sliced", "binned", "channel", "error"]
"""The quantity by which a claim is judged: MI as NPEET gives it, MI by another measure, or the test error alone."""

Networks = Literal["trained", "frozen", "trained less frozen"]
"""The networks that a claim is asked of: those it is about, twins that never learn, or what the first have more."""

Unit = Literal["bits", "epochs", "error", "rho", "share", "doublings"]
"""The unit of an effect: error is a share of the validation images, rho a correlation, a doubling a factor of 2."""

DECIMALS: dict[Unit, int] = {"bits": 3, "epochs": 1, "error": 4, "rho": 3, "share": 3, "doublings": 2}
"""The decimals with which an effect is written, by its unit."""

BOTH_SCALES: tuple[Measure, ...] = ("NPEET", "balanced")
LADDER: tuple[Measure, ...] = ("rank", "gaussian", "sliced", "binned")
"""Measures of a pair beside KSG's, each with invariances of its own."""
SIGNIFICANT = 0.05
SMALLEST_OF_INTEREST: dict[Unit, float] = {
    "bits": 0.1,
    "epochs": 1.0,
    "error": 0.002,
    "rho": 0.1,
    "share": 0.05,
    "doublings": 0.5,
}
"""By unit, the effect below which nothing is made of it: networks that differ by less are said to have no effect."""


class Verdict(StrEnum):
    """The verdict of the runs on a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NO_EFFECT = "no effect"
    AS_CONTROL = "explained by control"
    UNDECIDED = "undecided"


Variant = Literal["as measured", "recalibrated", "from epoch 1", "first-last", "sums of every layer", "mini-batches"]
"""What else is changed: the statistics of BatchNormalization, the epoch at which training starts, the last layer, what
residual networks sum, or the images of a gradient step."""

OF_TRAINING: frozenset[Variant] = frozenset({"sums of every layer", "mini-batches"})
"""Those in which networks are trained otherwise: claims about their error are asked of them too."""


@dataclass(frozen=True)
class Reading:
    """One way to ask a claim: by which measure, of which networks, and with what else changed."""

    measure: Measure
    networks: Networks = "trained"
    variant: Variant = "as measured"

    @property
    def name(self) -> str:
        """`NPEET`, or with what differs from a plain reading: `balanced, recalibrated, trained less frozen`."""
        words = [self.measure, self.variant, self.networks]
        return ", ".join(word for word in words if word not in ("as measured", "trained"))


@dataclass(frozen=True)
class Effect:
    """A number whose sign a claim predicts.

    of: one number for each group of a cell; NaN where it is undefined. Of a claim that one setting exceeds every other,
    such numbers for each of the others by name: all of them must lie on the side that the claim predicts.
    expected: the side of `null` that the claim predicts. each: a config field; the effect is judged separately at each
    of its values. beyond: what of trained networks is compared with their frozen twins: the curves of MI that go into
    the number, the number itself, or nothing where it is of untrained networks, as twins are then the same.
    """

    name: str
    unit: Unit
    expected: Literal["above", "below"]
    of: Callable[[Sequence[RunGroup], Measure], Sequence[float] | Mapping[str, Sequence[float]]]
    null: float = 0.0
    each: str | None = None
    beyond: Literal["curves", "number", "nothing"] = "curves"
    smallest: float | None = None

    @property
    def smallest_of_interest(self) -> float:
        """Below it nothing is made of the effect: its own, or that of its unit."""
        return SMALLEST_OF_INTEREST[self.unit] if self.smallest is None else self.smallest


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper, and how runs are judged by it.

    definition: the paper's sentence in other words, and how it is judged. preset: the packaged sweep that tests it.
    needs: the runs that it compares, in words. groups: the runs that are compared, chosen by their config alone.
    is_measured: whether a finished run holds the quantities of the effects. measures: those that decide; others are
    asked where the runs have them. half_chooses: whether the even seeds choose what the odd ones then test.
    is_of_learning: whether networks that never learn are asked the same, where the sweep has them. version: of its
    definition, which `analysis.registered` holds; with another definition it is another one. other_margins: the effects
    with another choice of what the paper leaves open, by what it is, to see whether the verdict rests on the choice.
    curve: the MI that it is about. settings: of a sweep whose runs hold the quantities of the effects, where these are
    more than MI and error.
    """

    number: int
    name: str
    statement: str
    paper: str
    section: str
    definition: str
    preset: str
    needs: str
    groups: Callable[[Sequence[Run]], list[RunGroup]]
    is_measured: Callable[[Run, Measure], bool]
    effects: tuple[Effect, ...]
    measures: tuple[Measure, ...] = BOTH_SCALES
    other_measures: tuple[Measure, ...] = ()
    half_chooses: bool = False
    is_of_learning: bool = False
    version: int = 1
    other_margins: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict)
    curve: Callable[[Run, Measure], Curve] = first_to_last
    settings: tuple[str, ...] = ()

    def rests_on(self, reading: Reading) -> bool:
        """Whether its verdict depends on that reading: a deciding measure, of trained networks or of the difference."""
        is_plain = reading.variant == "as measured" and reading.networks != "frozen"
        return is_plain and reading.measure in self.measures

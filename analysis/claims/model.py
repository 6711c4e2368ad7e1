"""Claims, and their judgement by a sweep: findings, answers and verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from analysis.claims.runs import Curve, Run, RunGroup, first_to_last
from analysis.statistics import Estimate

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


@dataclass(frozen=True)
class Finding:
    """A measured effect, of several rivals that which speaks most against the claim; None for what is undefined.

    `estimate.p` is that of the claim's side, for which all effects of a claim are needed: nothing is corrected. p and
    p_no_effect, of the other side and of an effect below `smallest`, are corrected for all effects of the claim by that
    reading (Holm). by_config: by config, named by the fields in which it differs from the others, the estimate over its
    seeds alone. has_either_sign: whether some configs certainly lie above `null` by more than `smallest`, and others
    below; then their mean is misleading, and decides nothing. level: a verdict needs a p below it.
    """

    effect: str
    unit: Unit
    expected: Literal["above", "below"]
    null: float
    estimate: Estimate | None
    by_config: tuple[tuple[str, Estimate], ...] = ()
    has_either_sign: bool = False
    p: float | None = None
    p_no_effect: float | None = None
    smallest: float = 0.0
    level: float = SIGNIFICANT

    @property
    def configs_as_claimed(self) -> int:
        """Number of configs whose mean over seeds lies on the side that the claim predicts."""
        return sum((estimate.value > self.null) == (self.expected == "above") for _, estimate in self.by_config)

    @property
    def verdict(self) -> Verdict:
        """Decided where p is small, the interval leaves out the null, and configs do not certainly differ in sign."""
        estimate = self.estimate
        if self.has_either_sign or estimate is None or estimate.low is None or estimate.high is None:
            return Verdict.UNDECIDED
        if self.p_no_effect is not None and self.p_no_effect < self.level:
            return Verdict.NO_EFFECT
        is_as_claimed = (estimate.value > self.null) == (self.expected == "above")
        p = estimate.p if is_as_claimed else self.p
        if p is None or p >= self.level or estimate.low <= self.null <= estimate.high:
            return Verdict.UNDECIDED
        return Verdict.SUPPORTED if is_as_claimed else Verdict.CONTRADICTED


@dataclass(frozen=True)
class Need:
    """What an answer lacks, as text that follows "needs", and the command that adds it."""

    lack: str
    command: str


@dataclass(frozen=True)
class Answer:
    """The findings on a claim by one reading.

    used: ids of the points behind the findings. left_out: ids of the points that the claim is about but that were not
    used, with the reason. blocked: whether the need forbids a verdict, whatever the findings.
    """

    reading: Reading
    findings: tuple[Finding, ...] = ()
    used: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    need: Need | None = None
    blocked: bool = False

    @property
    def verdict(self) -> Verdict:
        """Contradicted by any of its findings, without effect by any, supported by all of them together."""
        verdicts = {finding.verdict for finding in self.findings}
        if self.blocked or not verdicts:
            return Verdict.UNDECIDED
        order = (Verdict.CONTRADICTED, Verdict.NO_EFFECT, Verdict.UNDECIDED)
        return next((verdict for verdict in order if verdict in verdicts), Verdict.SUPPORTED)


@dataclass(frozen=True)
class Older:
    """The definition before the data that a younger one judges. verdict: by it; None where it is not kept."""

    version: int
    since: str
    verdict: str | None


@dataclass(frozen=True)
class Judgement:
    """A claim with the answers of the runs, by each of its readings.

    control: what a claim of learning lacks where it was not asked of networks that never learn. is_younger: whether its
    definition came after the first of the data, None where their time is not known; older: then the one before them.
    of_looks: the verdict of the looks at a sweep that runs until decided, which is the one that counts there.
    """

    claim: Claim
    answers: tuple[Answer, ...]
    control: Need | None = None
    is_younger: bool | None = None
    older: Older | None = None
    of_looks: str | None = None

    def answer(self, reading: Reading) -> Answer | None:
        """That by this reading; None where it was not asked so."""
        return next((answer for answer in self.answers if answer.reading == reading), None)

    def has_whole_control(self, measure: Measure) -> bool:
        """Whether the difference to frozen twins was asked of every effect and config that the plain reading has."""
        plain, beyond = self.answer(Reading(measure)), self.answer(Reading(measure, "trained less frozen"))
        if plain is None or beyond is None:
            return False
        start = tuple(effect.name for effect in self.claim.effects if effect.beyond == "nothing")
        sizes = {one.effect: len(one.by_config) for one in beyond.findings}
        asked = [one for one in plain.findings if not (start and one.effect.startswith(start))]
        return all(
            one.effect in sizes and (sizes[one.effect] >= len(one.by_config) or not sizes[one.effect]) for one in asked
        )

    @property
    def deciding(self) -> tuple[Answer, ...]:
        """The answers by the measures that decide, of the networks that the claim is about."""
        return tuple(answer for measure in self.claim.measures if (answer := self.answer(Reading(measure))))

    def verdict_by(self, measure: Measure) -> Verdict:
        """The verdict by one measure.

        What a network that never learns shows as well speaks for no claim of learning: support needs the difference
        of trained and frozen networks too, where there are any.
        """
        plain, beyond = self.answer(Reading(measure)), self.answer(Reading(measure, "trained less frozen"))
        if plain is None:
            return Verdict.UNDECIDED
        if plain.verdict is not Verdict.SUPPORTED or beyond is None:
            return plain.verdict
        if not self.has_whole_control(measure):
            return Verdict.UNDECIDED
        if beyond.verdict is Verdict.SUPPORTED:
            return plain.verdict
        return Verdict.UNDECIDED if beyond.verdict is Verdict.UNDECIDED else Verdict.AS_CONTROL

    @property
    def verdicts(self) -> dict[Measure, Verdict]:
        """By each measure that decides."""
        return {measure: self.verdict_by(measure) for measure in self.claim.measures}

    @property
    def scales_differ(self) -> bool:
        """Whether the verdict depends on the scale of MI."""
        return len(set(self.verdicts.values())) > 1

    @property
    def scales_oppose(self) -> bool:
        """Whether it is supported on one scale and contradicted on the other."""
        return {Verdict.SUPPORTED, Verdict.CONTRADICTED} <= set(self.verdicts.values())

    @property
    def verdict(self) -> str:
        """In words: one verdict, or one for each measure where they differ."""
        if not self.scales_differ:
            return str(self.verdict_by(self.claim.measures[0]))
        return ", ".join(f"{measure}: {verdict}" for measure, verdict in self.verdicts.items())

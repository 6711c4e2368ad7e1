"""Claims, and their judgement by a sweep: findings, answers and verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from analysis.claims.runs import Run, RunGroup
from analysis.statistics import Estimate

Reading = Literal["NPEET", "balanced", "error"]
"""The quantity by which a claim is judged: MI as NPEET gives it, MI on the balanced scale, or the test error alone."""

Unit = Literal["bits", "epochs", "error", "rho"]
"""The unit of an effect: error is a share of the validation images, rho a rank correlation."""

DECIMALS: dict[Unit, int] = {"bits": 3, "epochs": 1, "error": 4, "rho": 3}
"""The decimals with which an effect is written, by its unit."""

BOTH_SCALES: tuple[Reading, ...] = ("NPEET", "balanced")
SIGNIFICANT = 0.05
MOST = 0.75
"""If configs differ in sign, a verdict needs this share of them on one side."""


class Verdict(StrEnum):
    """The verdict of the runs on a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Effect:
    """A number whose sign a claim predicts.

    of: one number for each group of a cell; NaN where it is undefined.
    expected: the side of `null` that the claim predicts. each: a config field; the effect is judged separately at each
    of its values.
    """

    name: str
    unit: Unit
    expected: Literal["above", "below"]
    of: Callable[[Sequence[RunGroup], Reading], Sequence[float]]
    null: float = 0.0
    each: str | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper, and how runs are judged by it.

    definition: the paper's sentence in other words, and how it is judged. preset: the packaged sweep that tests it.
    needs: the runs that it compares, in words. groups: the runs that are compared, chosen by their config alone.
    is_measured: whether a finished run holds the quantities of the effects.
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
    is_measured: Callable[[Run, Reading], bool]
    effects: tuple[Effect, ...]
    readings: tuple[Reading, ...] = BOTH_SCALES


@dataclass(frozen=True)
class Finding:
    """A measured effect; `p` is corrected for all effects that were tested with it. None for what is undefined.

    by_config: by config, named by the fields in which it differs from the others, the estimate over its seeds alone,
    with an uncorrected p. has_either_sign: whether configs lie on both sides of `null` and differ by more than their
    seeds do; then their mean is misleading, and decides nothing unless `MOST` of them lie on its side.
    """

    effect: str
    unit: Unit
    expected: Literal["above", "below"]
    null: float
    estimate: Estimate | None
    by_config: tuple[tuple[str, Estimate], ...] = ()
    has_either_sign: bool = False
    p: float | None = None

    @property
    def configs_as_claimed(self) -> int:
        """Number of configs whose mean over seeds lies on the side that the claim predicts."""
        return sum((estimate.value > self.null) == (self.expected == "above") for _, estimate in self.by_config)

    @property
    def verdict(self) -> Verdict:
        """Decided where the corrected p is small, the interval leaves out the null, and configs do not disagree."""
        estimate = self.estimate
        if estimate is None or estimate.low is None or estimate.high is None or self.p is None or self.p >= SIGNIFICANT:
            return Verdict.UNDECIDED
        if estimate.low <= self.null <= estimate.high:
            return Verdict.UNDECIDED
        is_above = estimate.value > self.null
        configs_along = sum((config_estimate.value > self.null) == is_above for _, config_estimate in self.by_config)
        if self.has_either_sign and configs_along < MOST * len(self.by_config):
            return Verdict.UNDECIDED
        return Verdict.SUPPORTED if is_above == (self.expected == "above") else Verdict.CONTRADICTED


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
        """Contradicted by any of its findings, supported by all of them together."""
        verdicts = {finding.verdict for finding in self.findings}
        if self.blocked or not verdicts:
            return Verdict.UNDECIDED
        if Verdict.CONTRADICTED in verdicts:
            return Verdict.CONTRADICTED
        return Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.SUPPORTED


@dataclass(frozen=True)
class Judgement:
    """A claim with the answers of the runs, by each of its readings."""

    claim: Claim
    answers: tuple[Answer, ...]

    @property
    def scales_differ(self) -> bool:
        """Whether the verdict depends on the scale of MI."""
        return len({answer.verdict for answer in self.answers}) > 1

    @property
    def scales_oppose(self) -> bool:
        """Whether it is supported on one scale and contradicted on the other."""
        return {Verdict.SUPPORTED, Verdict.CONTRADICTED} <= {answer.verdict for answer in self.answers}

    @property
    def verdict(self) -> str:
        """In words: one verdict, or one for each reading where they differ."""
        if not self.scales_differ:
            return str(self.answers[0].verdict)
        return ", ".join(f"{answer.reading}: {answer.verdict}" for answer in self.answers)

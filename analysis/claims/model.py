"""What a claim is, and what a sweep says about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from analysis.claims.runs import Run, RunGroup
from analysis.statistics import Estimate

Reading = Literal["NPEET", "balanced", "error"]
"""By which quantity a claim is read: MI as NPEET gives it, MI on the balanced scale, or the test error alone."""

BOTH_SCALES: tuple[Reading, ...] = ("NPEET", "balanced")
SIGNIFICANT = 0.05
MOST = 0.75
"""Where configs differ in sign, so large a share of them must lie on one side for a verdict."""


class Verdict(StrEnum):
    """What the runs say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Effect:
    """A number whose sign a claim predicts.

    of: for the groups of one cell, one number for each; NaN where it is undefined.
    unit: bits, epochs, error (a share of the validation images) or rho (a rank correlation).
    expected: on which side of `null` the claim puts it. each: a config field, at every value of which it is judged
    apart.
    """

    name: str
    unit: str
    expected: Literal["above", "below"]
    of: Callable[[Sequence[RunGroup], Reading], Sequence[float]]
    null: float = 0.0
    each: str | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper, and how runs are asked about it.

    definition: the paper's sentence in other words, and how it is judged. preset: the packaged sweep that asks it.
    needs: the runs it compares, in words. groups: of all runs, those that are compared, chosen by their config alone.
    is_measured: whether a finished run holds what the effects look at.
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
    """An effect as measured; `p` is corrected for all that were asked with it. None for what could not be told.

    by_config: for each config, named by what it differs in from the others, the same over its seeds alone, its p as it
    is. has_either_sign: whether configs lie on both sides of `null` and differ by more than their seeds do: then a mean
    over them misleads, and decides nothing unless `MOST` of them lie on its side.
    """

    effect: str
    unit: str
    expected: Literal["above", "below"]
    null: float
    estimate: Estimate | None
    by_config: tuple[tuple[str, Estimate], ...] = ()
    has_either_sign: bool = False
    p: float | None = None

    @property
    def configs_as_claimed(self) -> int:
        """Number of configs whose mean over seeds lies on the side that the claim expects."""
        return sum((found.value > self.null) == (self.expected == "above") for _, found in self.by_config)

    @property
    def verdict(self) -> Verdict:
        """Decided where the corrected p is small, the interval leaves out the null, and configs do not disagree."""
        found = self.estimate
        if found is None or found.low is None or found.high is None or self.p is None or self.p >= SIGNIFICANT:
            return Verdict.UNDECIDED
        if found.low <= self.null <= found.high:
            return Verdict.UNDECIDED
        is_above = found.value > self.null
        along = sum((one.value > self.null) == is_above for _, one in self.by_config)
        if self.has_either_sign and along < MOST * len(self.by_config):
            return Verdict.UNDECIDED
        return Verdict.SUPPORTED if is_above == (self.expected == "above") else Verdict.CONTRADICTED


@dataclass(frozen=True)
class Need:
    """What an answer lacks, in words that go after "needs", and the command that supplies it."""

    what: str
    command: str


@dataclass(frozen=True)
class Answer:
    """What the runs say of a claim by one reading.

    used: ids of the points behind the findings. left_out: ids of points that the claim is about and that are not, with
    the reason. blocked: whether what is lacking forbids a verdict, whatever the findings.
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
    """A claim with what the runs say of it, by each of its readings."""

    claim: Claim
    answers: tuple[Answer, ...]

    @property
    def scales_differ(self) -> bool:
        """Whether the verdict depends on the scale on which MI is read."""
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

"""What runs say of a claim: findings, the answers of its readings, and the judgement with its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.claims.model import SIGNIFICANT, Claim, Measure, Reading, Unit, Verdict
from analysis.statistics import Estimate


@dataclass(frozen=True)
class Finding:
    """A measured effect, of several rivals that which speaks most against the claim; None for what is undefined.

    `estimate.p` is that of the claim's side, for which all effects of a claim are needed: nothing is corrected. p and
    p_no_effect, of the other side and of an effect below `smallest`, are corrected for all effects of the claim by that
    reading (Holm). by_config: by config, named by the fields in which it differs from the others, the estimate over its
    seeds alone. has_either_sign: whether some configs certainly lie above `null` by more than `smallest`, and others
    below; then their mean is misleading, and decides nothing. level: a verdict needs a p below it. spread: the standard
    deviation of what one seed contributes. comparisons: how many numbers were asked, of seeds that test; undefined: how
    many of them are not defined, and are left out, with the points behind these.
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
    spread: float = 0.0
    comparisons: int = 0
    undefined: int = 0
    undefined_points: tuple[str, ...] = ()

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
class AtStart:
    """The definition that a sweep recorded when it was started; version and checksum are None where it had none."""

    started: str
    version: int | None
    checksum: str | None


@dataclass(frozen=True)
class Judgement:
    """A claim with the answers of the runs, by each of its readings.

    control: what a claim of learning lacks where it was not asked of networks that never learn. is_younger: whether its
    definition came after the first of the data, None where their time is not known; older: then the one before them.
    of_looks: the verdict of the looks at a sweep that runs until decided, which is the one that counts there.
    unlike: the starts of the sweep that recorded another definition than the one that judges; None where it recorded
    none of any claim.
    """

    claim: Claim
    answers: tuple[Answer, ...]
    control: Need | None = None
    is_younger: bool | None = None
    older: Older | None = None
    of_looks: str | None = None
    unlike: tuple[AtStart, ...] | None = None

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

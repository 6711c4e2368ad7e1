"""What the estimator returns: `MutualInformation`, `PairEstimate`, `Credibility`; and the ceiling of KSG."""

from dataclasses import dataclass, field
from math import log

from scipy.special import digamma


@dataclass(frozen=True, slots=True)
class Credibility:
    """One value and what limits it, in units of the base; None where the samples allow no answer: `reason` says why.

    bits: the value on `scale`, of n samples with k neighbors in dims[0] + dims[1] dimensions.
    ceiling_bits: the largest value that n samples can give, whatever the truth; ceiling_share: the value's share of it.
    null_bits: the value after the rows of y are shuffled.
    standard_error_bits: of the value, from disjoint parts of the samples; blind to bias.
    n_curve: values by number of samples: N/4, N/2, N. is_converged: from N/2 to N it changed by at most two standard
    errors, 5 % or 0.001, whichever is most. Steady is not right: in high dimension it can be far too low.
    k_curve: values by number of neighbors: 1, 3, 5, 10.
    balanced_bits: each space in units of its own median k-th neighbor distance; scale_ratio: that of y over that of x.
    noise_spread_bits: largest minus smallest value over three seeds of the tie-breaking noise; over
    two where these agree to 0.001.
    tied_share: of the points whose k-th nearest neighbor is as far as the one before or after it, but for the noise.
    duplicate_share: of the rows (x, y) that appear more than once; also of the rows of x and of y alone.
    saturated_share: of the values with |value| >= 1 - 1e-6; None where some value lies outside [-1, 1]. It tells of
    units with these ends, as those of tanh and erf.
    noise: the amplitude of what breaks ties. below_noise: the sides whose typical neighbor distances lie below it,
    though their rows differ: no number here means anything then, and the samples must be rescaled.
    few_values: the sides that have few distinct rows, each many times, as labels do, with their number. KSG is for
    continuous variables; where one side is such, label_bits is Ross's value (2014) and label_entropy_bits its ceiling,
    the entropy of that side.
    sentence: what all this adds up to.
    """

    bits: float | None = None
    n: int | None = None
    k: int | None = None
    dims: tuple[int, int] | None = None
    base: float = 2.0
    scale: str = "none"
    ceiling_bits: float | None = None
    ceiling_share: float | None = None
    null_bits: float | None = None
    standard_error_bits: float | None = None
    n_curve: dict[int, float] = field(default_factory=dict)
    is_converged: bool | None = None
    k_curve: dict[int, float] = field(default_factory=dict)
    balanced_bits: float | None = None
    scale_ratio: float | None = None
    noise_spread_bits: float | None = None
    tied_share: float | None = None
    duplicate_share: float | None = None
    x_duplicate_share: float | None = None
    y_duplicate_share: float | None = None
    saturated_share: float | None = None
    noise: float | None = None
    below_noise: tuple[str, ...] = ()
    few_values: dict[str, int] = field(default_factory=dict)
    label_bits: float | None = None
    label_entropy_bits: float | None = None
    reason: str | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class MutualInformation:
    """One estimate. `bits` is in units of the logarithm's base: bits for base 2, nats for base e."""

    bits: float
    n: int
    k: int
    dims: tuple[int, int]
    base: float = 2.0
    scale: str = "none"
    largest_bits: float | None = None
    """The largest value that these samples can give, where it is not KSG's."""
    credibility: Credibility | None = None
    """How far to trust the value, where `diagnostics` were asked for."""

    @property
    def tied_share(self) -> float | None:
        """The share of points whose k-th neighbor is as far as another; None unless `diagnostics` were asked for."""
        return self.credibility.tied_share if self.credibility else None

    @property
    def ceiling_bits(self) -> float:
        """The largest value that N samples can give, in the unit of `bits`."""
        return ceiling_bits(self.n, self.k, self.base) if self.largest_bits is None else self.largest_bits


@dataclass(frozen=True, slots=True)
class PairEstimate:
    """One pair on both scales; None is a value that was not asked for or, if `reason` is given, does not exist.

    bits: NPEET's number. balanced_bits: each space in units of its own median k-th neighbor distance.
    scale_ratio: that median of y divided by that of x. reason: sentences that say which values are missing and why.
    """

    bits: float | None
    balanced_bits: float | None
    scale_ratio: float | None
    reason: str | None = None


def ceiling_bits(n: int, k: int = 3, base: float = 2) -> float:
    """digamma(n) - digamma(k) - 1/k in units of the base: what KSG with noise gives for y = x, whatever the truth."""
    return float((digamma(n) - digamma(k) - 1.0 / k) / log(base))

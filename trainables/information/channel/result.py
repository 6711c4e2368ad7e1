"""What the channel estimators return."""

from dataclasses import dataclass, field

SATURATED_BITS = 0.01


@dataclass(frozen=True, slots=True)
class ChannelInformation:
    """I(X; T) in bits, X uniform on the measured images and T a noisy layer.

    standard_error: of `bits`, from the noise that was drawn. lower, upper: bounds of the true value; of the exact
    channel those of Kolchinsky & Tracey (2017), without sampling error, and of paths what their number leaves open,
    with sampling error. ceiling: log2 N, the most that N images can give. label_bits: I(T; Y), where there were labels;
    label_ceiling: the entropy of these; label_lower, label_upper: of paths, as for I(X; T). n_curve: the value for the
    first N/4, N/2 and N images of a random order.
    """

    bits: float
    standard_error: float
    lower: float
    upper: float
    ceiling: float
    n: int
    d: int
    noise: float
    label_bits: float | None = None
    label_standard_error: float | None = None
    label_ceiling: float | None = None
    label_lower: float | None = None
    label_upper: float | None = None
    n_curve: dict[int, float] = field(default_factory=dict)

    @property
    def saturated(self) -> bool:
        """Whether the value is within its error, or 0.01 bits, of log2 N: the truth of more images may be larger."""
        return self.ceiling - self.bits <= max(2 * self.standard_error, SATURATED_BITS)

"""LEAF. The result type: a value with its unit and error, or the reason why there is none, and how to read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of the geometry of a layer; None where the sample allows none: `reason` says why.

    standard_error: in the same unit, from the differences between images alone; blind to bias. None where there is no
    value, or one image only.
    shows, does_not_show: a sentence each on what the number can and what it cannot say.
    details: numbers beside the value, by name; each measure says which.
    """

    value: float | None
    unit: str
    shows: str
    does_not_show: str
    standard_error: float | None = None
    reason: str | None = None
    details: Mapping[str, float] = field(default_factory=dict)

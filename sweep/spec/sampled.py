"""Points spread over ranges of fields: by a Sobol sequence or at random, the same ones for ever from the same spec."""

import hashlib
import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

BITS = 30
DIGITS = 4
"""Significant digits of a sampled number: so that it reads well, and rounding cannot differ between machines."""


class Span(BaseModel):
    """From where to where a number is sampled, and whether evenly or by its logarithm; whole where both ends are."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    low: Annotated[float, Field(allow_inf_nan=False)] | int = Field(alias="from")
    high: Annotated[float, Field(allow_inf_nan=False)] | int = Field(alias="to")
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.high <= self.low or (self.scale == "log" and self.low <= 0):
            above = " and above 0" if self.scale == "log" else ""
            raise ValueError(f"from {self.low:g} to {self.high:g}: allowed is a lower end{above} below the upper one")
        return self

    def at(self, share: float) -> Any:
        """The value at a share in [0, 1) of the way."""
        is_whole = isinstance(self.low, int) and isinstance(self.high, int)
        low, high = float(self.low), float(self.high) + is_whole
        value = low * (high / low) ** share if self.scale == "log" else low + (high - low) * share
        return min(int(value), int(self.high)) if is_whole else float(f"{value:.{DIGITS}g}")


class Sample(BaseModel):
    """So many points over the spans and choices of some fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int = Field(ge=1, le=100_000)
    seed: int = Field(0, ge=0)
    method: Literal["sobol", "random"] = "sobol"
    over: dict[str, Span | list[Any]] = Field(min_length=1, max_length=100)

    def columns(self) -> dict[str, list[Any]]:
        """By field its values, of each point one."""
        rows = self._shares()
        return {
            name: [_value(span, row[place]) for row in rows] for place, (name, span) in enumerate(self.over.items())
        }

    def _shares(self) -> list[list[float]]:
        """For each point a share in [0, 1) for each field.

        Sobol's points (Joe & Kuo 2008), unscrambled, with a digital shift that the seed gives each field, which leaves
        them as evenly spread: no generator of random numbers is asked, whose numbers may change with its version.
        """
        if self.method == "random":
            return [[_uniform(self.seed, index, name) for name in self.over] for index in range(self.points)]
        from scipy.stats import qmc

        sequence = qmc.Sobol(len(self.over), scramble=False, bits=BITS)
        drawn = sequence.random(2 ** math.ceil(math.log2(self.points)))[: self.points]
        shifts = [int(_uniform(self.seed, "shift", name) * 2**BITS) for name in self.over]
        return [
            [(int(share * 2**BITS) ^ shift) / 2**BITS for share, shift in zip(row, shifts, strict=True)]
            for row in drawn.tolist()
        ]


def _value(span: Span | list[Any], share: float) -> Any:
    return span.at(share) if isinstance(span, Span) else span[int(share * len(span))]


def _uniform(*names: object) -> float:
    """In [0, 1), as the names decide."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48

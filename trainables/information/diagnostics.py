"""How far an estimate can be trusted: its ceiling, its value without dependence, its statistical error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.information.ksg import ceiling_bits, mutual_information
from trainables.information.samples import NPEET_NOISE, DegenerateInput, Floats, as_samples

MOST_PARTS = 10

Estimate = Callable[[Floats, Floats], float]
Diagnostic = Callable[[Estimate, Floats, Floats, int, np.random.Generator], float]


@dataclass(frozen=True, slots=True)
class Credibility:
    """What limits one value, in units of the base; None where the samples do not allow it, and `reason` says why.

    ceiling_bits: the largest value that N samples can give. null_bits: the estimate after the rows of y are shuffled.
    standard_error_bits: of the value, from disjoint parts of the samples; blind to bias.
    """

    ceiling_bits: float | None = None
    null_bits: float | None = None
    standard_error_bits: float | None = None
    reason: str | None = None


def diagnose(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    k: int = 3,
    base: float = 2,
    scale: str = "none",
    noise: float = NPEET_NOISE,
    seed: int = 0,
    threads: int | None = None,
    estimator: str = "ksg",
) -> Credibility:
    """The credibility of `mutual_information(x, y, ...)` with the same arguments, at about three times its cost.

    Degenerate samples give None and a reason, never an exception; wrong arguments still raise ValueError.
    """

    def estimate(x_part: Floats, y_part: Floats) -> float:
        return mutual_information(
            x_part, y_part, k, base, scale=scale, noise=noise, seed=seed, threads=threads, estimator=estimator
        ).bits

    try:
        x_samples, y_samples = as_samples(x, y, k)
    except DegenerateInput as degenerate:
        return Credibility(reason=str(degenerate))
    values: dict[str, float | None] = {}
    reasons: list[str] = []
    for name, diagnostic in DIAGNOSTICS.items():
        try:
            # A generator of its own, so that one diagnostic more does not change the others.
            values[name] = diagnostic(estimate, x_samples, y_samples, k, np.random.default_rng((seed, 1)))
        except DegenerateInput as degenerate:
            reasons.append(f"{name}: {degenerate}")
    ceiling = ceiling_bits(len(x_samples), k, base)
    return Credibility(ceiling_bits=ceiling, reason="; ".join(reasons) or None, **values)


def null_bits(estimate: Estimate, x: Floats, y: Floats, k: int, generator: np.random.Generator) -> float:
    """The estimate where there is nothing to find: y's rows shuffled."""
    return estimate(x, y[generator.permutation(len(y))])


def standard_error_bits(estimate: Estimate, x: Floats, y: Floats, k: int, generator: np.random.Generator) -> float:
    """Holmes & Nemenman 2019: the variance falls as 1/N; its coefficient is fitted to disjoint halves to tenths.

    Raises DegenerateInput for fewer than 2 (k + 1) samples.
    """
    shuffled = generator.permutation(len(x))
    weighted, degrees = 0.0, 0
    for count in range(2, MOST_PARTS + 1):
        if len(x) // count <= k:
            break
        values = [estimate(x[part], y[part]) for part in np.array_split(shuffled, count)]
        # (count - 1) degrees of freedom; a part's variance over `count` is that of the whole.
        weighted += (count - 1) * float(np.var(values, ddof=1)) / count
        degrees += count - 1
    if degrees == 0:
        raise DegenerateInput(f"N = {len(x)} samples with k = {k}: at least {2 * k + 2} are needed for two parts")
    return float(np.sqrt(weighted / degrees))


DIAGNOSTICS: dict[str, Diagnostic] = {"null_bits": null_bits, "standard_error_bits": standard_error_bits}

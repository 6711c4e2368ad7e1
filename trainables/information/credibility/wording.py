"""What a value's credibility adds up to, in plain words. Every word must hold in every regime: see its tests."""

from math import e, isclose

from trainables.information.results import Credibility

# Above this share of the ceiling a value says little more than that the truth is large.
NEAR_CEILING = 0.9
# Differences and shares below these are not worth a word.
NOTABLE_ERRORS, NOTABLE_SHARE_OF_VALUE, NOTABLE_BITS = 2.0, 0.05, 0.005
NOTABLE_TIED_SHARE, NOTABLE_DUPLICATE_SHARE = 0.05, 0.01
# Up to so many dimensions in all, a steady value is an estimate rather than a lower bound.
FEW_DIMENSIONS = 4

LOWER_BOUND = "Read it as a lower bound, and do not compare it across widths."


def in_words(trust: Credibility) -> str:
    """A few sentences on the value's size, steadiness, scale and samples; the last one says how to read it."""
    if trust.bits is None:
        return f"No value: {trust.reason}."
    if trust.below_noise or trust.few_values:
        return _no_estimate(trust)
    said = (_size(trust), _steadiness(trust), _scale(trust), _ties(trust), _duplicates(trust), _reading(trust))
    return " ".join(sentence for sentence in said if sentence)


def _no_estimate(trust: Credibility) -> str:
    """Why the value is none, and what to do."""
    value = f"{_number(trust.bits)} {unit(trust.base)}, but this is no estimate:"
    if trust.below_noise:
        sides = " and ".join(trust.below_noise)
        rescaled = ", ".join(f"{side} / {side}.std()" for side in trust.below_noise)
        lost = f"the distances of {sides} lie below the noise of {trust.noise:g} that breaks ties"
        return f"{value} {lost}. Rescale: {rescaled}."
    sides = " and ".join(f"{side} has {count} value{'s' * (count != 1)}" for side, count in trust.few_values.items())
    if trust.label_bits is None:
        return f"{value} {sides}, and KSG is for continuous variables. Count how often each combination occurs instead."
    side = next(iter(trust.few_values))
    most = f"of at most H({side}) = {_number(trust.label_entropy_bits)}"
    instead = f"The estimator for labels gives {_number(trust.label_bits)}, {most}"
    return f"{value} {sides}, and KSG is for continuous variables. {instead}."


def unit(base: float) -> str:
    """The unit of information for a base of the logarithm."""
    names = {2.0: "bits", e: "nats", 10.0: "hartleys"}
    return next((name for known, name in names.items() if isclose(base, known)), f"units of log base {base:g}")


def _size(trust: Credibility) -> str:
    bits = f"{_number(trust.bits)} {unit(trust.base)}"
    if trust.ceiling_share is None or trust.ceiling_bits is None:
        return f"{bits}."
    if trust.ceiling_share > 1.0 + 1e-9:
        return (
            f"{bits}, more than {trust.n:,} samples can show ({_number(trust.ceiling_bits)}): "
            "distances are tied and no noise breaks the ties."
        )
    if _is_null(trust):
        where = "below" if (trust.bits or 0.0) < (trust.null_bits or 0.0) - _error(trust) else "within chance of"
        null = _number(trust.null_bits)
        return f"{bits}, {where} what shuffled pairs give ({null}): no dependence shows at this scale."
    share = f"{bits}, {_percent(trust.ceiling_share)} of the most that {trust.n:,} samples can show"
    return f"{share}: the truth may be far larger." if _is_near_ceiling(trust) else f"{share}."


def _steadiness(trust: Credibility) -> str:
    if trust.is_converged is None:
        return "Too few samples to tell whether it has converged."
    counts = sorted(trust.n_curve)[-2:]
    change = trust.n_curve[counts[1]] - trust.n_curve[counts[0]]
    span = f"from {counts[0]:,} to {counts[1]:,} samples"
    if trust.is_converged:
        return f"Steady: it changed by {_number(abs(change))} {span}."
    return f"Not converged: it {'grew' if change > 0 else 'fell'} by {_number(abs(change))} {span}."


def _scale(trust: Credibility) -> str:
    if not _depends_on_scale(trust):
        return ""
    return f"Depends on the scale of x against y (balanced: {_number(trust.balanced_bits)})."


def _ties(trust: Credibility) -> str:
    if not _has_ties(trust) or trust.tied_share is None:
        return ""
    spread = _number(trust.noise_spread_bits)
    if trust.tied_share < NOTABLE_TIED_SHARE:
        return f"Distances are tied: the noise that breaks the ties moves it by {spread}."
    tied = f"The nearest neighbors of {_percent(trust.tied_share)} of the points are tied"
    return (
        f"{tied}, and the noise that breaks the ties moves it by {spread}." if trust.noise_spread_bits else f"{tied}."
    )


def _duplicates(trust: Credibility) -> str:
    if not _has_duplicates(trust) or trust.duplicate_share is None:
        return ""
    return f"{_percent(trust.duplicate_share)} of the rows appear more than once, which can inflate it."


def _reading(trust: Credibility) -> str:
    if _has_duplicates(trust) or _has_ties(trust):
        return "Do not read it as a bound."
    dims = sum(trust.dims or ())
    if trust.is_converged is False and _fell(trust):
        return "Do not read it as a bound: measure more samples."
    if trust.is_converged and dims <= FEW_DIMENSIONS and not (_depends_on_scale(trust) or _is_near_ceiling(trust)):
        return f"Its standard error, {_number(trust.standard_error_bits, 3)}, knows nothing of bias."
    if _is_null(trust):
        return f"In {dims} dimensions that is weak evidence of independence." if dims > 2 else ""
    return LOWER_BOUND


def _is_null(trust: Credibility) -> bool:
    if trust.bits is None or trust.null_bits is None:
        return False
    return trust.bits <= trust.null_bits + _error(trust)


def _is_near_ceiling(trust: Credibility) -> bool:
    return trust.ceiling_share is not None and trust.ceiling_share >= NEAR_CEILING


def _depends_on_scale(trust: Credibility) -> bool:
    if trust.scale != "none" or trust.bits is None or trust.balanced_bits is None:
        return False
    return abs(trust.balanced_bits - trust.bits) > _notable(trust)


def _has_ties(trust: Credibility) -> bool:
    return (trust.tied_share or 0.0) >= NOTABLE_TIED_SHARE or (trust.noise_spread_bits or 0.0) > _notable(trust)


def _has_duplicates(trust: Credibility) -> bool:
    return (trust.duplicate_share or 0.0) >= NOTABLE_DUPLICATE_SHARE


def _fell(trust: Credibility) -> bool:
    fewer, all_samples = sorted(trust.n_curve)[-2:]
    return trust.n_curve[all_samples] < trust.n_curve[fewer]


def _notable(trust: Credibility) -> float:
    return max(_error(trust), NOTABLE_SHARE_OF_VALUE * abs(trust.bits or 0.0))


def _error(trust: Credibility) -> float:
    return max(NOTABLE_ERRORS * (trust.standard_error_bits or 0.0), NOTABLE_BITS)


def _number(value: float | None, digits: int = 2) -> str:
    # Adding zero turns -0.0, what small negative numbers are rounded to, into 0.0.
    return "unknown" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _percent(share: float) -> str:
    if 0.0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 <= share < 1.0 - 1e-9 else f"{100 * share:.0f} %"

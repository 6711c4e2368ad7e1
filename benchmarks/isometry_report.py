"""The tables of benchmarks/isometry_question.py as text and a figure: what goes against the paper first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import log2
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.quantities import keeps_norms
from benchmarks.isometry_plot import PLACES, VALUE, WEIGHTS, plot

IMAGES = 512
STEM = "isometry_question"
ERROR = {"probe": "probe_standard_error", "every": "every_standard_error"}
CEILING = log2(IMAGES)
SATURATED, LOST = CEILING - 0.05, 0.05
KEY = ["noise", "initializer", "depth"]


@dataclass(frozen=True)
class Curve:
    """Bits over gains, means over seeds, at one place of the noise, of one kind of weights and one depth."""

    place: str
    noise: float
    initializer: str
    depth: int
    isometry: float
    rows: pd.DataFrame

    def best(self, column: str) -> float:
        """The gain at which a column is largest; the first of equal ones."""
        return float(self.rows[column].idxmax())

    def at(self, gain: float, column: str) -> float:
        """The value of a column at a gain."""
        return float(self.rows.loc[gain, column])

    @property
    def value(self) -> str:
        """The column of the truth, or of what is known of it."""
        return VALUE[self.place]

    @property
    def gained(self) -> float:
        """Bits at the best gain less those at isometry."""
        return self.at(self.best(self.value), self.value) - self.at(self.isometry, self.value)

    @property
    def error(self) -> float:
        """The standard error of that, of draws or of images, as if the two were independent."""
        column = ERROR[self.place]
        return float(np.hypot(self.at(self.best(self.value), column), self.at(self.isometry, column)))

    @property
    def tells(self) -> bool:
        """Whether some gain gives less than all and more than nothing: else the curve says nothing of gains."""
        return self.rows[self.value].max() > LOST and self.rows[self.value].max() < SATURATED


def write(table: pd.DataFrame, layers: pd.DataFrame, folder: Path) -> None:
    """Write the Markdown and the figure. A lower bound below 0 is one of 0 bits."""
    table = table.assign(every_at_least_bits=table["every_at_least_bits"].clip(lower=0))
    layers = layers.assign(at_least_bits=layers["at_least_bits"].clip(lower=0))
    curves = list(_curves(table))
    (folder / f"{STEM}.md").write_text("\n".join(_markdown(table, layers, curves)) + "\n")
    plot(table).savefig(folder / f"{STEM}.png", dpi=110)


def _curves(table: pd.DataFrame) -> Iterator[Curve]:
    for place in VALUE:
        for (noise, initializer, depth), rows in table.groupby(KEY):
            by_gain = rows.drop(columns=["initializer"]).groupby("gain").mean()
            nearest = keeps_norms(by_gain["mean_squared_singular_value"].tolist())
            assert nearest is not None, f"no gain of {initializer} networks of depth {depth} keeps norms"
            yield Curve(place, noise, initializer, depth, float(by_gain.index[nearest]), by_gain)


def _markdown(table: pd.DataFrame, layers: pd.DataFrame, curves: Sequence[Curve]) -> Iterator[str]:
    noises = " and ".join(f"{noise:g}" for noise in sorted(table["noise"].unique()))
    yield "# What an untrained network tells of its image, by gain and depth"
    yield ""
    yield (
        f"The sweep's networks (tanh, no batch normalization, W = 50, seeds 0 and 1), the first {IMAGES} test images "
        f"of MNIST, so that no value exceeds {CEILING:g} bits. Gaussian noise of standard deviation {noises}: on the "
        "probed last layer alone, as in the preset `isometry`, or on every hidden layer, as in the channel of Weng et "
        "al. 2022. With noise at the probe alone I(X; T) is exact up to sampling error. With noise at every layer the "
        "value is a lower bound, by a Gaussian decoder on passes that it was not fitted to (33 passes of each image); "
        "the bounds from a mixture over these passes are no help beyond a few layers, see below. KSG: the sweep's "
        "estimate, k = 3, balanced, on the same noisy samples. Theory: `analysis.mean_field.prediction`, no free "
        "parameter, infinitely wide layers. Isometry: the gain run whose Jacobian has a mean squared singular value "
        f"nearest 1. Every number is in [{STEM}.csv]({STEM}.csv); made by `python -m benchmarks.{STEM}`, "
        "in 25 minutes on two cores beside other work."
    )
    yield ""
    yield "## Against the paper's claim"
    yield ""
    yield from _against(table, curves)
    yield ""
    yield "## For it"
    yield ""
    yield from _in_favour(curves)
    yield ""
    yield "## What these numbers can and cannot show"
    yield ""
    yield from _limits(table, layers, curves)
    for place in PLACES:
        yield ""
        yield f"## Noise {PLACES[place]}"
        yield ""
        yield from _table([curve for curve in curves if curve.place == place])
    yield ""
    yield f"![Bits by gain]({STEM}.png)"


def _of(curves: Sequence[Curve], place: str, *initializers: str) -> list[Curve]:
    return [one for one in curves if one.place == place and (not initializers or one.initializer in initializers)]


def _against(table: pd.DataFrame, curves: Sequence[Curve]) -> Iterator[str]:
    probe = _of(curves, "probe")
    highest = max(curve.rows.index[-1] for curve in probe)
    lost = [curve.rows[curve.value].max() - curve.at(highest, curve.value) for curve in probe]
    ksg = [curve.rows["probe_ksg_bits"].max() - curve.at(highest, "probe_ksg_bits") for curve in probe]
    low = [curve.at(highest, curve.value) - curve.at(highest, "probe_ksg_bits") for curve in probe]
    yield (
        f"* **Noise at the probe alone: there is no maximum at isometry.** At gain {highest:g}, far in chaos, the "
        f"exact value is below the largest of its curve by {np.median(lost):.3f} bits in the median of {len(probe)} "
        f"curves and {max(lost):.2f} at most. KSG on the same samples falls there by {np.median(ksg):.2f} bits in the "
        f"median, from values that are too low everywhere: at that gain it reads {np.median(low):.1f} bits less than "
        "the truth. The maximum that it shows is the estimator's. What is measured so is how loud a layer is "
        "beside the noise."
    )
    telling = [curve for curve in _of(curves, "every") if curve.tells]
    above = [curve for curve in telling if curve.best(curve.value) > curve.isometry and curve.gained > 2 * curve.error]
    told = [
        curve.at(curve.best(curve.value), "every_predicted_bits") > curve.at(curve.isometry, "every_predicted_bits")
        for curve in above
    ]
    if above:
        yield (
            f"* **Noise at every layer: in {len(above)} of the {len(telling)} curves that are neither all told nor "
            "lost the largest value stands at a larger gain than that of isometry**, by more than two errors: by "
            f"{np.median([curve.gained for curve in above]):.2f} bits in the median, "
            f"{max(curve.gained for curve in above):.2f} at most, at gains {min(c.best(c.value) for c in above):g} to "
            f"{max(c.best(c.value) for c in above):g} instead of {min(c.isometry for c in above):g} to "
            f"{max(c.isometry for c in above):g}. Both are lower bounds; theory orders {sum(told)} of the {len(told)} "
            "alike."
        )
    flat = [curve for curve in _of(curves, "every") if curve.rows[curve.value].max() >= SATURATED]
    spans = [int((curve.rows[curve.value] >= SATURATED).sum()) for curve in flat]
    yield (
        f"* In {len(flat)} of {len(_of(curves, 'every'))} curves with noise at every layer some gain tells the images "
        f"apart altogether, {np.median(spans):.0f} of the {len(flat[0].rows)} gains in the median: these cannot tell "
        "one gain from another, and more images, or more noise, would move where they are flat."
    )


def _in_favour(curves: Sequence[Curve]) -> Iterator[str]:
    deep = [curve for curve in _of(curves, "every", "orthogonal") if curve.depth >= 16]
    for curve in deep:
        best, (first, last) = curve.best(curve.value), (curve.rows.index[0], curve.rows.index[-1])
        yield (
            f"* Noise {curve.noise:g} at every layer, orthogonal, depth {curve.depth}: at least "
            f"{curve.at(best, curve.value):.2f} bits at gain {best:g}, {curve.at(curve.isometry, curve.value):.2f} at "
            f"isometry ({curve.isometry:g}); {curve.at(first, curve.value):.2f} at {first:g} and "
            f"{curve.at(last, curve.value):.2f} at {last:g}. Theory: {curve.at(best, 'every_predicted_bits'):.2f}, "
            f"{curve.at(curve.isometry, 'every_predicted_bits'):.2f}; {curve.at(first, 'every_predicted_bits'):.2f} "
            f"and {curve.at(last, 'every_predicted_bits'):.2f}."
        )
    pairs = [(one, other) for one, other in combinations(_of(curves, "every"), 2) if _are_twins(one, other)]
    more = [_orthogonal_less_gaussian(*pair) for pair in pairs]
    yield (
        f"* Orthogonal networks tell more than Gaussian ones of the same noise and depth, each at its best gain, in "
        f"{sum(one > 0.02 for one in more)} of {len(more)} cases, less in {sum(one < -0.02 for one in more)}, by up to "
        f"{max(more):.2f} bits. Both are lower bounds, and that of Gaussian ones is likely to be the looser."
    )


def _are_twins(one: Curve, other: Curve) -> bool:
    return (one.noise, one.depth) == (other.noise, other.depth)


def _orthogonal_less_gaussian(one: Curve, other: Curve) -> float:
    best = {curve.initializer: float(curve.rows[curve.value].max()) for curve in (one, other)}
    return best["orthogonal"] - best["gaussian"]


def _limits(table: pd.DataFrame, layers: pd.DataFrame, curves: Sequence[Curve]) -> Iterator[str]:
    below = table["every_paths_lower_bits"] < table["every_at_least_bits"] - 0.1
    yield (
        "* A lower bound that falls does not prove that information does. That it falls above the critical gain rests "
        "on the theory too, whose noise is Gaussian. The mixture over passes (Goldfeld et al. 2019), which would "
        f"bound from both sides, is below the decoder in {100 * below.mean():.0f} % of the rows and as low as "
        f"{table['every_paths_lower_bits'].min():,.0f} bits; its upper bound is within 0.5 bits of log2 N in "
        f"{100 * (table['every_paths_upper_bits'] > CEILING - 0.5).mean():.0f} %. It would need as many passes as "
        "there are cells of the size of the noise."
    )
    yield from _chain(layers)
    yield from _theory(table, curves)


def _chain(layers: pd.DataFrame) -> Iterator[str]:
    compared, broken, rises = 0, 0, []
    for _, rows in layers.groupby(["noise", "initializer", "gain", "seed"]):
        found = rows.sort_values("layer").to_dict("records")
        for earlier, later in combinations(found, 2):
            error = np.hypot(earlier["at_most_standard_error"], later["standard_error"])
            compared, broken = compared + 1, broken + (later["at_least_bits"] > earlier["at_most_bits"] + 3 * error)
        rises += [
            (
                later["at_least_bits"] - earlier["at_least_bits"],
                np.hypot(earlier["standard_error"], later["standard_error"]),
            )
            for earlier, later in pairwise(found)
        ]
    beyond = [rise for rise, error in rises if rise > 3 * error and rise > 1e-3]
    yield (
        "* With noise at each layer I(X; T) cannot rise from one to the next. Looked for a rise beyond the errors: in "
        f"{broken} of {compared} pairs of layers (1, 2, 4, 8, 16, 32, 63) the later one is known to tell more than the "
        f"earlier one can, which is a weak test where the upper bound is near log2 N. Of the lower bounds themselves "
        f"{len(beyond)} of {len(rises)} rise from one of these layers to the next by more than three errors, "
        f"the largest rise of all is {max(rise for rise, _ in rises):.3f} bits."
    )


def _theory(table: pd.DataFrame, curves: Sequence[Curve]) -> Iterator[str]:
    rows = table.assign(
        probe_off=table["probe_predicted_bits"] - table["probe_bits"],
        every_off=table["every_predicted_bits"] - table["every_at_least_bits"],
    )
    parts = []
    for initializer, name in WEIGHTS.items():
        own = rows[rows["initializer"] == initializer]
        shallow, deep = own[own["depth"] <= 8], own[own["depth"] > 8]
        parts.append(
            f"{name}, noise at the probe: {shallow['probe_off'].abs().mean():.2f} bits up to depth 8, "
            f"{deep['probe_off'].abs().mean():.2f} beyond, {deep['probe_off'].abs().max():.1f} at most; at every "
            f"layer, from the lower bound: {shallow['every_off'].abs().mean():.2f} and "
            f"{deep['every_off'].abs().mean():.2f}, {own['every_off'].min():+.1f} to {own['every_off'].max():+.1f}"
        )
    yield (
        "* The theory is of infinite width, and these networks are as deep as they are wide. Mean distance from what "
        f"was measured: {'; '.join(parts)}. Gaussian networks of this width are far from it when deep: their singular "
        "values spread, and it takes noise for spread evenly."
    )
    found = [curve for curve in _of(curves, "every", "orthogonal") if curve.tells]
    steps = list(table["gain"].drop_duplicates().sort_values())
    off = [abs(steps.index(c.best(c.value)) - steps.index(c.best("every_predicted_bits"))) for c in found]
    yield (
        f"* Best gain by theory and by the lower bound, orthogonal networks with noise at every layer, {len(found)} "
        f"curves that tell: the same gain of those run in {off.count(0)}, a neighbor in {off.count(1)}, farther in "
        f"{sum(one > 1 for one in off)}."
    )


def _table(curves: Sequence[Curve]) -> Iterator[str]:
    what = {"probe": "exact", "every": "at least"}[curves[0].place]
    last = curves[0].rows.index[-1]
    yield (
        f"| noise | weights | depth | isometry at gain | best gain: {what} | at isometry | at gain {last:g} | "
        f"KSG: best gain | at gain {last:g} | theory: best gain | at gain {last:g} |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for curve in curves:
        columns = [curve.value, f"{curve.place}_ksg_bits", f"{curve.place}_predicted_bits"]
        best = [f"{curve.best(name):g}: {curve.at(curve.best(name), name):.2f}" for name in columns]
        end = [f"{curve.at(last, name):.2f}" for name in columns]
        at = f"{curve.at(curve.isometry, curve.value):.2f}"
        yield (
            f"| {curve.noise:g} | {WEIGHTS[curve.initializer]} | {curve.depth} | {curve.isometry:g} | {best[0]} | {at} "
            f"| {end[0]} | {best[1]} | {end[1]} | {best[2]} | {end[2]} |"
        )

"""Which measures of mutual information move under maps that leave MI as it is: python -m benchmarks.ladder

Two pairs: the first and the last hidden layer of a network trained on real MNIST, observed on its 10,000 test images,
and Gaussians of known MI. One side goes through maps under which MI stays the same; every measure of
`trainables.information.measures` is taken before and after. The table goes to benchmarks/results/ladder.csv and .md,
the figure to ladder.png. Needs SWEEP_DATA_DIR; takes a few minutes.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.ladder_figure import plot
from benchmarks.ladder_report import markdown
from trainables.config import TrialConfig
from trainables.datasets import load
from trainables.information.measures import MEASURES, Measure, MeasuredValue
from trainables.information.measures.channel import with_noise
from trainables.training import Training

RESULTS = Path(__file__).parent / "results"
CONFIG = TrialConfig.model_validate(
    {"dataset": "mnist", "width": 50, "depth": 5, "epochs": 20, "batch_norm_momentum": 0.9, "measure": {"samples": 100}}
)
UNITS, CORRELATION, SAMPLES = 5, 0.9, 10_000
LARGEST_FACTOR = 10.0

Pair = tuple[np.ndarray, np.ndarray]


def turn(d: int, seed: int) -> np.ndarray:
    """A random orthogonal matrix (d, d)."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def factors(d: int) -> np.ndarray:
    """One for each of d units, from 1 to the largest, evenly in logarithm and in random order."""
    return np.random.default_rng(0).permutation(np.geomspace(1, LARGEST_FACTOR, d))


MAPS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "3 u": ("global factor", lambda y: 3 * y),
    "factors 1–10": ("factor per unit", lambda y: y * factors(y.shape[1])),
    "tanh(3 u)": ("monotone per unit", lambda y: np.tanh(3 * y)),
    "u³": ("monotone per unit", lambda y: y**3),
    "rotation": ("rotation", lambda y: y @ turn(y.shape[1], 1)),
    "affine": ("affine", lambda y: y @ turn(y.shape[1], 1) @ np.diag(factors(y.shape[1])) @ turn(y.shape[1], 2) + 1),
}
"""What is done to one side, by what it is called, with the map of the ladder that it is an example of."""


def main() -> None:
    """Measure both pairs before and after every map, write table, report and figure."""
    network, test_error = layers_of_a_trained_network()
    pairs = {"MNIST": network, "Gaussian": gaussians()}
    table = pd.DataFrame([row for name, pair in pairs.items() for row in rows(name, pair)])
    table.to_csv(RESULTS / "ladder.csv", index=False)
    truth = -0.5 * UNITS * float(np.log2(1 - CORRELATION**2))
    (RESULTS / "ladder.md").write_text(markdown(table, CONFIG, test_error, truth))
    plot(table, truth).savefig(RESULTS / "ladder.png", dpi=150)
    print(RESULTS / "ladder.md")


def layers_of_a_trained_network() -> tuple[Pair, float]:
    """First and last hidden layer on the test images, (10000, 100) each, and the test error."""
    folder = os.environ.get("SWEEP_DATA_DIR")
    training = Training(CONFIG, load("mnist", Path(folder) if folder else None), threads=os.cpu_count() or 1)
    for record in training:
        print(f"epoch {record.epoch}: test error {record.test_error:.3f}", flush=True)
    found = training.network.observed.predict_on_batch(training.network.validation_images)
    first, last = (np.asarray(found[name], np.float64) for name in ("hidden_1", "merged"))
    return (first, last), training.history[-1].test_error


def gaussians() -> Pair:
    """Two sides of so many units, correlated unit by unit."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(SAMPLES, UNITS))
    return x, CORRELATION * x + np.sqrt(1 - CORRELATION**2) * generator.normal(size=x.shape)


def measures() -> list[Measure]:
    """All of the ladder, and the channel with little noise, with which wide layers reach the ceiling."""
    return [*MEASURES.values(), with_noise(0.1)]


def rows(name: str, pair: Pair) -> list[dict[str, object]]:
    """Of each measure the value of the pair as it is and after each map of its second side."""
    x, y = pair
    images = {"as it is": ("", y)} | {called: (kind, change(y)) for called, (kind, change) in MAPS.items()}
    found = []
    for measure in measures():
        before = measure(x, y)
        for called, (kind, mapped) in images.items():
            measured = measure(x, mapped)
            found.append(
                {
                    "pair": name,
                    "measure": measure.key,
                    "map": called,
                    "kind": kind,
                    "claimed": kind in measure.invariances,
                    "within_error": kind in measure.within_error,
                    "bits": measured.value,
                    "moved_bits": difference(measured, before),
                    "standard_error_bits": measured.standard_error,
                    "ceiling_bits": measured.ceiling,
                    "at_ceiling": bool(measured.saturated and before.saturated),
                    "reason": measured.reason,
                }
            )
        print(name, measure.key, before.value, flush=True)
    return found


def difference(one: MeasuredValue, other: MeasuredValue) -> float | None:
    """In bits; None where one of them has no value."""
    return None if one.value is None or other.value is None else one.value - other.value


if __name__ == "__main__":
    main()

"""Write JIDT's KSG-1 and KSG-2 of small samples for the tests: python -m benchmarks.jidt_values

benchmarks/rivals.py says what JIDT needs. The samples are made from their descriptions, by numpy's RandomState, whose
stream is frozen; no two of their distances tie. The values, in nats, go to tests/trainables/information/jidt.json.
"""

import json
from pathlib import Path

import numpy as np

from benchmarks.rivals import jidt_nats, jidt_version

FILE = Path(__file__).parent.parent / "tests/trainables/information/jidt.json"
CASES = [(60, 1, 1, 3), (300, 1, 1, 1), (300, 5, 5, 3), (300, 20, 20, 3), (250, 3, 2, 10), (200, 1, 100, 4)]
"""N, columns of x, columns of y, k."""


def sample(seed: int, n: int, dx: int, dy: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal x (n, dx), and y (n, dy), the tanh of a random map of x with noise."""
    generator = np.random.RandomState(seed)
    x, noise, weights = (generator.normal(size=shape) for shape in ((n, dx), (n, dy), (dx, dy)))
    return x, np.tanh(x @ weights / np.sqrt(dx) + 0.5 * noise)


def main() -> None:
    """Write the file anew."""
    rows = []
    for seed, (n, dx, dy, k) in enumerate(CASES):
        values = {f"ksg{number}_nats": jidt_nats(*sample(seed, n, dx, dy), number, k) for number in (1, 2)}
        rows.append({"seed": seed, "n": n, "dx": dx, "dy": dy, "k": k} | values)
    document = {
        "from": f"python -m benchmarks.jidt_values, {jidt_version()}, max norm, NORMALISE false, NOISE_LEVEL_TO_ADD 0",
        "cases": rows,
    }
    FILE.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()

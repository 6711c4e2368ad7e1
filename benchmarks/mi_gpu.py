"""Time the estimator on the device of Keras' backend, against the CPU's value: python -m benchmarks.mi_gpu

Gaussians of N samples and d columns a side, on the device beforehand. Medians after one call that compiles; the share
of rows that float32 leaves to float64; equality with the CPU's value. Written to benchmarks/results/mi_gpu.md.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.samples import SAMPLES
from trainables.device import describe
from trainables.information import measure
from trainables.information.device import device_pair, is_on_accelerator

RESULT = Path(__file__).parent / "results/mi_gpu.md"
TARGET_MS = {200: 20, 2000: 150}


def main() -> None:
    """Time every d, check the values, write the table."""
    options = _options()
    if not is_on_accelerator(keras.ops.convert_to_tensor(np.zeros(1))) and not options.force:
        raise SystemExit("Keras' backend has no accelerator here; --force times its CPU device")
    machine = describe(threads=1)
    head = f"{machine['backend']} on {machine['device']}, N = {options.n}, k = 3, medians of {options.repeats}."
    lines = [
        "# The estimator on the training device",
        "",
        head,
        "",
        "| sample | d | `none`, ms | target, ms | both scales, ms | rows in float64 | bits | CPU's bits | equal |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(sample, d, options) for sample in options.samples for d in options.d),
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")
    print(RESULT.read_text())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true", help="also on a CPU")
    parser.add_argument("--samples", nargs="+", choices=SAMPLES, default=["gaussian"])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", nargs="+", type=int, default=[20, 200, 2000])
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


def _line(sample: str, d: int, options: argparse.Namespace) -> str:
    x, y = (side.astype(np.float32) for side in SAMPLES[sample](options.n, d))
    on_device = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
    one, both = (_milliseconds(on_device, scales, options.repeats) for scales in (("none",), ("none", "balanced")))
    found, expected = measure(*on_device, device=True), measure(x, y)
    undecided = 1 - device_pair(dict(zip("xy", on_device, strict=True)), 3, 1e-10, 0)._search((1.0, 1.0)).decided.mean()
    numbers = f"{one:.1f} | {TARGET_MS.get(d, '')} | {both:.1f} | {undecided:.2%} | {found.bits} | {expected.bits}"
    return f"| {sample} | {d} | {numbers} | {found == expected} |"


def _milliseconds(pair: tuple[Any, Any], scales: tuple[str, ...], repeats: int) -> float:
    measure(*pair, scales=scales, device=True)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        measure(*pair, scales=scales, device=True)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


if __name__ == "__main__":
    main()

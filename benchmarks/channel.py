"""The exact channel beside KSG, time and memory: python -m benchmarks.channel

N = 10,000 samples of layers of d tanh units, whose input has 20 coordinates. The channel and its rival, KSG-1 on the
balanced scale between input and noisy layer, measure the same layers in the same run, each in a process of its own for
the memory. Medians of seconds of several runs go to benchmarks/results/channel.md.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from trainables.information import available_threads, channel_information, mutual_information

RESULTS = Path(__file__).parent / "results"
N, COORDINATES, NOISE = 10_000, 20, 1.0
WIDTHS = (100, 200, 1000)
MEASURES = ("channel", "ksg")


def main() -> None:
    """Measure every width with both, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("MEASURE", "WIDTH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measured(options.one[0], int(options.one[1]), options.repeats)))
        return
    rows = []
    for width in WIDTHS:
        found = {name: _in_own_process(name, width, options.repeats) for name in MEASURES}
        rows.append(_row(width, **found))
        print(rows[-1], flush=True)
    (RESULTS / "channel.md").write_text(_report(rows, options.repeats))
    print(RESULTS / "channel.md")


def _in_own_process(measure: str, width: int, repeats: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.channel", "--repeats", str(repeats), "--one", measure, str(width)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _measured(measure: str, width: int, repeats: int) -> dict[str, Any]:
    """Seconds of the median run, the most memory of the process beyond its samples (MiB), and the value."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(N, COORDINATES))
    layer = np.tanh(x @ generator.normal(size=(COORDINATES, width)) / np.sqrt(COORDINATES))
    noisy = layer + NOISE * generator.normal(size=layer.shape)
    before = _peak_mib()
    took, value = [], ""
    for _ in range(repeats):
        start = time.perf_counter()
        if measure == "channel":
            found = channel_information(layer, NOISE)
            value = f"{found.bits:.3f} ± {found.standard_error:.3f}, in [{found.lower:.2f}, {found.upper:.2f}]"
        else:
            value = f"{mutual_information(x, noisy, k=3, base=2, scale='balanced').bits:.3f}"
        took.append(time.perf_counter() - start)
    return {"seconds": statistics.median(took), "mib": _peak_mib() - before, "value": value}


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _row(width: int, channel: dict[str, Any], ksg: dict[str, Any]) -> str:
    ratio = channel["seconds"] / ksg["seconds"]
    return (
        f"| {width} | {channel['value']} | {channel['seconds']:.2f} | {channel['mib']:.0f} | {ksg['value']} | "
        f"{ksg['seconds']:.2f} | {ksg['mib']:.0f} | {ratio:.1f} |"
    )


def _report(rows: list[str], repeats: int) -> str:
    return "\n".join(
        [
            "# The exact channel beside KSG",
            "",
            f"N = {N:,} (log2 N = {np.log2(N):.2f} bits), {COORDINATES} coordinates through d tanh units, noise "
            f"{NOISE:g} on each; {available_threads()} CPUs; medians of {repeats} runs, memory beyond the samples. "
            "The channel's value is I(input; layer + noise) of these samples but for its sampling error; "
            "KSG estimates the same from neighbors.",
            "",
            "| d | channel (bits) | s | MiB | KSG, balanced (bits) | s | MiB | channel's time over KSG's |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()

"""Measure kept states anew beside training again: python -m benchmarks.remeasure

A sweep of 40 points keeps its states; `sweep measure` then measures a new pair at k = 1, 5 and 10. The rival, in the
same run, is a sweep that measures the same while it trains. Their tables are compared bit for bit but for clocks, and
the seconds of the whole commands go to benchmarks/results/remeasure.md.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from analysis.tables import from_store
from sweep.store import Store

RESULTS = Path(__file__).parent / "results"
CLOCKS = ["train_seconds", "measure_seconds", "timestamp"]
SPEC = """
name: forty
fixed: {{dataset: digits, depth: 4, epochs: {epochs}}}
grid:
  architecture: [mlp, shortcut, resnet, shortcut_resnet]
  width: [16, 32]
  seed: 0..4
measure: {{every: log}}
keep: log
resources: {{gpus: 0, cpus: 1}}
"""
ASKED = ("--neighbors", "1,5,10", "--pairs", "successive")
MEASURED = "forty.neighbors-1-5-10.pairs-successive"


def main() -> None:
    """Run, measure anew, run the rival, compare, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=256)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "forty.yaml").write_text(SPEC.format(epochs=options.epochs))
        trained = _sweep(folder, "runs", "run", "forty.yaml")
        bytes_kept = sum(path.stat().st_size for path in (folder / "runs" / "trainings").rglob("state-*"))
        measured = _sweep(folder, "runs", "measure", "forty", *ASKED)
        rival = folder / "runs" / "sweeps" / MEASURED / "spec.yaml"
        again = _sweep(folder, "again", "run", str(rival))
        ours, theirs = (_epochs(folder / name) for name in ("runs", "again"))
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
        points = len(Store(folder / "runs").spec("forty").points)
    lines = [
        "# Measured anew, and trained again",
        "",
        f"{points} points on digits, {options.epochs} epochs, states kept at 0, 1, 2, 4, ... and the last "
        f"({bytes_kept / 1e6:.1f} MB). New: successive layers at k = 1, 5 and 10, {len(ours):,} rows; bit-equal, but "
        "for clocks, to a sweep that measured them while training. Seconds of whole commands:",
        "",
        "| command | seconds |",
        "|---|---|",
        f"| `sweep run` of the 40 points, keeping states | {trained:.0f} |",
        f"| `sweep measure` of the new pairs at three k | {measured:.0f} |",
        f"| its rival: `sweep run` that trains and measures them | {again:.0f} |",
        "",
        f"Measuring anew took {measured / again:.2f} of the rival's time.",
        "",
    ]
    (RESULTS / "remeasure.md").write_text("\n".join(lines))
    print(RESULTS / "remeasure.md")


def _sweep(folder: Path, store: str, *arguments: str) -> float:
    command = [sys.executable, "-c", "from analysis.cli import main; main()", *arguments, "--store", store]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True)
    return time.perf_counter() - start


def _epochs(store: Path) -> pd.DataFrame:
    return from_store(Store(store), MEASURED).epochs.to_pandas().drop(columns=CLOCKS)


if __name__ == "__main__":
    main()

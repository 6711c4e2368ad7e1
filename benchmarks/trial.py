"""Set what measuring costs a trial beside what training costs it: python -m benchmarks.trial

Runs real trials on MNIST, every architecture at width 100 and depth 5, by `sweep run` as a user would, once for the
scale "none" alone and once for both. Per epoch the seconds of measuring (evaluation and MI of the default pairs) over
those of the training step go to benchmarks/results/trial.csv and, summed up, to trial.md. Needs SWEEP_DATA_DIR.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from analysis.tables import from_store
from sweep.store import Store

RESULTS = Path(__file__).parent / "results"
ARCHITECTURES = ("mlp", "shortcut", "resnet", "shortcut_resnet")
BOUNDS = {"none": 1.0, "none, balanced": 2.0}
"""Measuring may take so many times as long as training."""


def main() -> None:
    """Run the trials and write what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--width", type=int, default=100)
    options = parser.parse_args()
    epochs = pd.concat([_epochs(scales, options.width, options.epochs) for scales in BOUNDS], ignore_index=True)
    epochs.to_csv(RESULTS / "trial.csv", index=False)
    (RESULTS / "trial.md").write_text(_report(epochs, options.width))
    print(RESULTS / "trial.md")


def _epochs(scales: str, width: int, epochs: int) -> pd.DataFrame:
    """The seconds of every trained epoch, from a sweep of its own."""
    settings = {
        "grid.architecture": f"[{', '.join(ARCHITECTURES)}]",
        "grid.width": f"[{width}]",
        "grid.seed": "[0]",
        "fixed.epochs": epochs,
        "measure.scales": f"[{scales}]",
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("sweep")), "run", "fig4a", "--store", folder]
        command += [word for path, value in settings.items() for word in ("--set", f"{path}={value}")]
        subprocess.run(command, check=True)
        table = from_store(Store(Path(folder)), "fig4a").epochs.to_pandas()
    pairs = table.groupby("point_id").pair.nunique().rename("pairs")
    table = table[table.epoch > 0].drop_duplicates(["point_id", "epoch"]).join(pairs, on="point_id")
    table = table.assign(scales=scales, ratio=table.measure_seconds / table.train_seconds)
    return table[["scales", "architecture", "pairs", "epoch", "train_seconds", "measure_seconds", "ratio"]]


def _report(epochs: pd.DataFrame, width: int) -> str:
    lines = [
        f"# Measuring beside training: MNIST, width {width}, depth 5, one CPU for each trial",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}; as many trials at a time "
        "as fit. A training step takes in 60,000 images, a measurement 10,000. The first epoch compiles the step. "
        "Credibility, found once per point, is not counted here but recorded beside it as credibility_seconds.",
        "",
        "| scales | architecture | pairs | train (s) | measure (s) | ratio: median | largest | epochs within bound |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (scales, architecture), part in epochs.groupby(["scales", "architecture"], sort=False):
        bound = BOUNDS[str(scales)]
        within = int((part.ratio <= bound).sum())
        lines.append(
            f"| {scales} | {architecture} | {part.pairs.iloc[0]} | {part.train_seconds.median():.3f} "
            f"| {part.measure_seconds.median():.3f} | {part.ratio.median():.2f} | {part.ratio.max():.2f} "
            f"| {within} of {len(part)} within {bound:g} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

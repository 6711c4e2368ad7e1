"""Set what keeping a trial safe costs beside the trial itself: python -m benchmarks.commits

On MNIST, every architecture at width 100 and depth 5: the seconds of a snapshot with the history of a whole trial, of
the commit of a result, of the attempts written down, and of a restart, over those of a trial of 200 epochs. Medians of
several, each architecture in a process of its own. Restoring is what a restart has to do beyond a start: it reads and
checks the snapshot and puts it into the network. A whole restart is from the opened store to the first new epoch, with
the network built and compiled anew. Writes benchmarks/results/commits.md. Needs SWEEP_DATA_DIR.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from sweep.store import Attempt, Store
from trainables.config import TrialConfig

RESULTS = Path(__file__).parent / "results"
ARCHITECTURES = ("mlp", "shortcut", "resnet", "shortcut_resnet")
EPOCHS = 200
BOUND = 0.02


def main() -> None:
    """Measure every architecture in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6, help="epochs that are really trained")
    parser.add_argument("--one", choices=ARCHITECTURES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measured(options.one, options.epochs, options.repeats)))
        return
    rows = {}
    for architecture in ARCHITECTURES:
        again = [sys.executable, "-m", "benchmarks.commits", "--one", architecture]
        again += ["--epochs", str(options.epochs), "--repeats", str(options.repeats)]
        done = subprocess.run(again, check=True, capture_output=True, text=True)
        rows[architecture] = json.loads(done.stdout.splitlines()[-1])
    (RESULTS / "commits.md").write_text(_report(rows, options.repeats))
    print(RESULTS / "commits.md")


def _measured(architecture: str, epochs: int, repeats: int) -> dict[str, float]:
    """Seconds of each part, medians; all in this process."""
    from trainables import datasets, device

    device.pin(1)
    from trainables.records import PointResult, history_to_arrow
    from trainables.training import Training

    point = TrialConfig.model_validate(
        {"dataset": "mnist", "architecture": architecture, "width": 100, "depth": 5, "epochs": EPOCHS}
    )
    data = datasets.load("mnist", Path(os.environ["SWEEP_DATA_DIR"]))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = Store(Path(folder))
        training = Training(point, data)
        records = iter(training)
        trained = [next(records) for _ in range(epochs + 1)]
        epoch_seconds = median(record.train_seconds + record.measure_seconds for record in trained[2:])
        whole = [replace(trained[-1], epoch=epoch) for epoch in range(EPOCHS - 1)]
        training.history = whole
        attempt = store.begin_attempt(point.point_id, Attempt(0, "now", "here", 0, {}))
        history = history_to_arrow(whole)
        result = PointResult(point.canonical(), "finished", 1, 1.0, {}, history)
        name = f"points/{point.point_id}/result"

        def commit_result() -> None:
            store.objects.delete(name)
            store.commit_result(point, result)

        seconds = {
            "epoch": epoch_seconds,
            "snapshot": _median_seconds(lambda: store.commit_snapshot(training.snapshot()), repeats),
            "snapshot_megabytes": len(training.snapshot().to_bytes()) / 1e6,
            "attempt": _median_seconds(lambda: store.save_attempt(point.point_id, attempt), repeats),
        }
        builds, restores, restarts = [], [], []
        for _ in range(repeats):
            builds.append(_seconds(lambda: Training(point, data)))
            restores.append(_seconds(lambda: Training(point, data, store.snapshot(point))))
            restarts.append(_seconds(lambda: next(iter(Training(point, data, store.snapshot(point))))))
        restoring = max(0.0, median(restores) - median(builds))
        seconds |= {"restoring": restoring, "restart": median(restarts) - epoch_seconds}
        return seconds | {"result": _median_seconds(commit_result, repeats)}


def _median_seconds(act: Callable[[], object], repeats: int) -> float:
    return median(_seconds(act) for _ in range(repeats))


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _report(rows: dict[str, dict[str, float]], repeats: int) -> str:
    from sweep.timing import Timing
    from sweep.trial.attempt import SNAPSHOT_SHARE

    snapshot_seconds = Timing().snapshot_seconds

    lines = [
        f"# Keeping a trial safe: MNIST, width 100, depth 5, {EPOCHS} epochs, one CPU",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}; medians of {repeats}, "
        f"with a load average of {os.getloadavg()[1]:.1f} from this and other work. A "
        f"snapshot is taken every {snapshot_seconds:g} s; a trial commits its result and, three times, its attempt. "
        "Restoring reads, checks and loads a snapshot, once for each restart; a whole restart also builds and "
        "compiles the network, as every start does. Snapshots, commits and one restoring together may take "
        f"{100 * BOUND:g} % of the trial. Percentages are of the trial's {EPOCHS} epochs.",
        "",
        "| architecture | trial (s) | a snapshot | snapshots | commits | restoring | whole restart | together |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for architecture, row in rows.items():
        trial = EPOCHS * row["epoch"]
        snapshots = trial / max(snapshot_seconds, row["snapshot"] / SNAPSHOT_SHARE) * row["snapshot"]
        parts = [snapshots, row["result"] + 3 * row["attempt"], row["restoring"], row["restart"]]
        cells = [f"{1000 * part:.0f} ms, {100 * part / trial:.2f} %" for part in parts]
        together = 100 * sum(parts[:3]) / trial
        verdict = "within" if together < 100 * BOUND else "over"
        size = f"{row['snapshot_megabytes']:.1f} MB in {1000 * row['snapshot']:.0f} ms"
        lines.append(f"| {architecture} | {trial:.0f} | {size} | {' | '.join(cells)} | {together:.2f} %, {verdict} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

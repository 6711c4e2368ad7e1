"""Sample the tasks of benchmark-mi and estimate them by its own KSG; imports nothing of ours.

Run by benchmarks/known_truths.py with an interpreter that has bmi: known_truths_samples.py FOLDER N SEED. Each task's
samples go to FOLDER/<task>.npz in float64: x and y as bmi standardizes them, drawn_x and drawn_y as they were drawn.
FOLDER/tasks.json names the tasks in bmi's order, with truth and estimate in bits, and the packages' versions.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from bmi.benchmark import BENCHMARK_TASKS
from bmi.estimators import KSGEnsembleFirstEstimator
from bmi.utils import ProductSpace

K = 3
NATS_PER_BIT = float(np.log(2))


def main(folder: Path, n: int, seed: int) -> None:
    """Write the samples of every task, and the list of tasks once all are there."""
    tasks = {}
    for name in BENCHMARK_TASKS:
        tasks[name] = _task(folder, name, n, seed)
        print(f"{name}: {tasks[name]['theirs_bits']:.4f} bits", file=sys.stderr, flush=True)
    versions = {package: version(package) for package in ("benchmark-mi", "jax", "numpy", "scipy", "scikit-learn")}
    (folder / "tasks.json").write_text(json.dumps({"n": n, "seed": seed, "versions": versions, "tasks": tasks}))


def _task(folder: Path, name: str, n: int, seed: int) -> dict[str, Any]:
    task = BENCHMARK_TASKS[name]
    x, y = (np.asarray(side, np.float64) for side in task.sample(n, seed))
    standardized = ProductSpace(x, y, standardize=True)
    np.savez(folder / f"{name}.npz", x=standardized.x, y=standardized.y, drawn_x=x, drawn_y=y)
    # The max norm and k = 3 instead of its defaults, so that it computes what ours does; it standardizes by default.
    estimator = KSGEnsembleFirstEstimator(neighborhoods=(K,), standardize=True, metric_x="chebyshev", chunk_size=100)
    start = time.perf_counter()
    nats = float(estimator.estimate(x, y))
    return {
        "title": task.name,
        "dim_x": int(task.dim_x),
        "dim_y": int(task.dim_y),
        "truth_bits": float(task.mutual_information) / NATS_PER_BIT,
        "theirs_bits": nats / NATS_PER_BIT,
        "theirs_seconds": time.perf_counter() - start,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""Let real sweeps share one GPU, 1, 2, 4 and 8 ways: python -m benchmarks.gpu_sharing

Needs a GPU and Keras' backend on it (KERAS_BACKEND, by default jax here). For each share, the same points are run by
`sweep run --gpus-per-trial`, each share in a store of its own: the epochs per second of all trials together while every
place is taken, and the most that the GPU and any one process held, as NVIDIA's driver says. Then a process under the
limit of each share allocates until it is refused. Writes benchmarks/results/gpu_sharing.md, .csv and .png. Uses MNIST
where SWEEP_DATA_DIR is set, else digits.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import pandas as pd

from analysis.tables import from_store
from sweep.store import Store
from sweep.system.machine import Gpu, gpus
from trainables.gpu_share import CONTEXT_MIB, limit_mib
from trainables.records import SETTLED

RESULTS = Path(__file__).parent / "results"
SWEEP = [sys.executable, "-c", "from analysis.cli import main; main()"]
SPEC = """
name: sharing
description: The same points on ever smaller shares of a GPU.
fixed: {dataset: DATASET, architecture: mlp, width: WIDTH, depth: 5, epochs: EPOCHS}
grid: {seed: 0..LAST}
measure: {pairs: [first-last], every: 10}
resources: {gpus: 1, cpus: 1}
"""
LOOK_SECONDS = 0.5
TOLERANCE_MIB = 64
ALLOCATE = """
import sys
from trainables import device, gpu_share
device.pin(1)
limit, memory = int(sys.argv[1]), int(sys.argv[2])
if limit < memory:
    gpu_share.keep_to(limit, memory)
import keras
held = []
try:
    while len(held) * 64 < memory:
        held.append(keras.ops.ones((16, 1024, 1024)))
        float(held[-1][0, 0, 0])
except Exception as error:
    print(type(error).__name__, str(error)[:80].replace("\\n", " "), file=sys.stderr)
print(len(held) * 64)
"""


@dataclass(frozen=True)
class Row:
    """What one way of sharing gave; memory in MiB."""

    sharers: int
    epochs_per_second: float
    seconds: float
    limit_mib: int | None
    allocated_mib: int
    process_mib: int | None
    gpu_mib: int


def main() -> None:
    """Run every way of sharing and write what was found; the exit code is 1 when a limit did not hold."""
    options = _options()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    seen = gpus()
    if not seen:
        raise SystemExit("no GPU here: NVIDIA's driver names none\n  next: run it on a machine with one")
    rows = [_row(sharers, seen[0], options) for sharers in options.sharers]
    table = pd.DataFrame([asdict(row) for row in rows])
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / "gpu_sharing.csv", index=False)
    report = _report(rows, seen[0], options)
    (RESULTS / "gpu_sharing.md").write_text(report)
    _draw(table, RESULTS / "gpu_sharing.png")
    print(report)
    sys.exit(0 if all(map(_holds, rows)) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sharers", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=200)
    return parser.parse_args()


def _row(sharers: int, gpu: Gpu, options: argparse.Namespace) -> Row:
    share = int(1000 / sharers) / 1000
    limit = limit_mib(share, gpu.memory_mib)
    allocated = _allocated(limit or gpu.memory_mib, gpu.memory_mib) if limit else 0
    with tempfile.TemporaryDirectory(prefix="sharing-") as folder:
        spec, store = Path(folder) / "sharing.yaml", Path(folder) / "runs"
        spec.write_text(_spec(options))
        command = [*SWEEP, "run", str(spec), "--store", str(store), "--gpus-per-trial", str(share)]
        began, looks, processes = time.monotonic(), [0], [0]
        with (Path(folder) / "log").open("wb") as log:
            driver = subprocess.Popen(command, stdout=log, stderr=log)
            while driver.poll() is None:
                looks.append(_used_mib())
                processes += _used_by_processes()
                time.sleep(LOOK_SECONDS)
        assert driver.returncode == 0, (Path(folder) / "log").read_text()[-4000:]
        seconds = time.monotonic() - began
        rate = _rate(from_store(Store(store), "sharing").epochs.to_pandas())
    return Row(sharers, rate, seconds, limit, allocated, max(processes) or None, max(looks))


def _spec(options: argparse.Namespace) -> str:
    dataset = "mnist" if os.environ.get("SWEEP_DATA_DIR") else "digits"
    values = {"DATASET": dataset, "WIDTH": options.width, "EPOCHS": options.epochs, "LAST": options.points - 1}
    text = SPEC
    for name, value in values.items():
        text = text.replace(name, str(value))
    return text


def _rate(epochs: pd.DataFrame) -> float:
    """Epochs per second of all trials together while those that started first all trained: compiled, and none ended."""
    epochs = epochs[epochs.epoch >= SETTLED]
    spans = epochs.groupby("point_id").timestamp.agg(["min", "max"])
    first_end = spans["max"].min()
    together = spans[spans["min"] < first_end]
    start = together["min"].max()
    within = epochs[(epochs.timestamp > start) & (epochs.timestamp <= first_end)]
    seconds = (first_end - start).total_seconds()
    return float(len(within.drop_duplicates(["point_id", "epoch"])) / seconds) if seconds > 0 else float("nan")


def _allocated(limit: int, memory: int) -> int:
    """MiB that a process under that limit gets before it is refused."""
    command = [sys.executable, "-c", ALLOCATE, str(limit), str(memory)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def _asked(query: str) -> list[int]:
    command = ["nvidia-smi", query, "--format=csv,noheader,nounits"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [int(line) for line in said.splitlines() if line.strip().isdigit()]


def _used_mib() -> int:
    return max(_asked("--query-gpu=memory.used"), default=0)


def _used_by_processes() -> list[int]:
    """What the driver says of each process; nothing in containers that hide them."""
    return _asked("--query-compute-apps=used_memory")


def _holds(row: Row) -> bool:
    if row.limit_mib is None:
        return True
    by_process = row.process_mib is None or row.process_mib <= row.limit_mib + CONTEXT_MIB + TOLERANCE_MIB
    return row.allocated_mib <= row.limit_mib and by_process


def _report(rows: Sequence[Row], gpu: Gpu, options: argparse.Namespace) -> str:
    dataset = "MNIST" if os.environ.get("SWEEP_DATA_DIR") else "digits"
    lines = [
        f"# One GPU shared: {options.points} points on {dataset}, width {options.width}, depth 5",
        "",
        f"{gpu.name}, {gpu.memory_mib:,} MiB, driver {gpu.driver}; Keras on {os.environ['KERAS_BACKEND']}; "
        f"{os.cpu_count()} CPUs. Epochs per second of all trials together while as many as share it were training. "
        f"A limit leaves {CONTEXT_MIB} MiB of each share to the context of the process.",
        "",
        "| sharers | epochs/s together | sweep (s) | limit (MiB) | got until refused | a process held | GPU held |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        limit, allocated = (row.limit_mib, row.allocated_mib) if row.limit_mib else ("none", "")
        numbers = f"{row.epochs_per_second:.1f} | {row.seconds:.0f} | {limit} | {allocated}"
        lines.append(f"| {row.sharers} | {numbers} | {row.process_mib or 'not told'} | {row.gpu_mib} |")
    verdict = "holds" if all(map(_holds, rows)) else "FAILS"
    return "\n".join([*lines, "", f"- {verdict}: no process got more than its limit and its context"]) + "\n"


def _draw(table: pd.DataFrame, path: Path) -> None:
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axis.plot(table.sharers, table.epochs_per_second, "o-")
    axis.set(xscale="log", xticks=table.sharers, xlabel="trials that share the GPU", ylabel="epochs/s of all together")
    axis.set_xticks(table.sharers, [str(count) for count in table.sharers])
    axis.minorticks_off()
    axis.set_ylim(bottom=0)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()

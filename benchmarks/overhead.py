"""Set what the whole service adds to a point: python -m benchmarks.overhead

Trivial points run by `sweep run` as a user would: scheduling, attempts, logs, results and MLflow included. What a slot
takes for a point beyond the training and measuring that the point itself recorded is the overhead. The rival does the
same trainings in plain Ray Tune, a process for each trial, as Tune does by default; nothing is stored or tracked there.
The memory of the driver is looked at while its sweep goes on. Writes benchmarks/results/overhead.md, or overhead_N.md
for N points instead of 1,000.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from analysis.tables import from_store
from sweep.store import Store
from trainables.config import TrialConfig
from trainables.records import EpochRecord

RESULTS = Path(__file__).parent / "results"
POINTS = 1000
POINT: dict[str, Any] = {
    "dataset": "digits",
    "width": 4,
    "depth": 2,
    "epochs": 1,
    "measure": {"pairs": ["first-last"]},
}
SPEC = """
name: overhead
description: Trivial points, to see what comes with them.
fixed: {dataset: digits, width: 4, depth: 2, epochs: 1}
grid: {seed: 0..LAST}
measure: {pairs: [first-last]}
resources: {gpus: 0, cpus: 1}
"""
SWEEP = [sys.executable, "-c", "from analysis.cli import main; main()"]
BOUND_SECONDS = 0.5
FLAT_MIB_PER_1000 = 20.0
"""Of a driver that takes less for every 1,000 points the memory is flat: it knows of each only how it ended."""
LOOK_SECONDS = 0.5
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Service:
    """What a sweep took: seconds from command to exit and from the first result to the last, and the driver's memory.

    `work` is what its points recorded, summed; `memory` has the number of results and MiB at each look.
    """

    points: int
    wall: float
    between: float
    work: float
    processes: int
    memory: list[tuple[int, float]]


def main() -> None:
    """Run both and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--rival-points", type=int, default=8)
    parser.add_argument("--slots", type=int, default=os.cpu_count())
    parser.add_argument("--rival", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rival:
        print(json.dumps(_plain_tune(options.rival_points, options.slots)))
        return
    service = _service(options.points, options.slots)
    again = [sys.executable, "-m", "benchmarks.overhead", "--rival"]
    again += ["--rival-points", str(options.rival_points), "--slots", str(options.slots)]
    said = subprocess.run(again, check=True, capture_output=True, text=True).stdout
    report = _report(service, json.loads(said.splitlines()[-1]), options.slots)
    name = "overhead" if options.points == POINTS else f"overhead_{options.points}"
    (RESULTS / f"{name}.md").write_text(report)
    print(report)


def _service(points: int, slots: int) -> Service:
    """Run the sweep, looking at its driver all the while."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        spec, store = Path(folder) / "overhead.yaml", Path(folder) / "runs"
        spec.write_text(SPEC.replace("LAST", str(points - 1)))
        command = [*SWEEP, "run", str(spec), "--store", str(store), "--max-concurrent", str(slots)]
        began, memory = time.monotonic(), []
        with (Path(folder) / "log").open("wb") as log:
            driver = subprocess.Popen(command, stdout=log, stderr=log)
            while driver.poll() is None:
                memory.append((len(list(store.glob("points/*/result"))), _resident_mib(driver.pid)))
                time.sleep(LOOK_SECONDS)
        wall = time.monotonic() - began
        assert driver.returncode == 0, (Path(folder) / "log").read_text()[-4000:]
        moments = [path.stat().st_mtime for path in store.glob("points/*/result")]
        tables = from_store(Store(store), "overhead")
        epochs = tables.epochs.to_pandas()
        opened = Store(store)
        known = [opened.state(point) for point in opened.spec("overhead").points]
        work = sum(_work(known_point.history) for known_point in known)
        assert len(moments) == points == epochs.point_id.nunique()
        processes = {found.provenance["pid"] for found in known}
        return Service(points, wall, max(moments) - min(moments), work, len(processes), memory)


def _work(history: tuple[EpochRecord, ...]) -> float:
    return sum(one.train_seconds + one.measure_seconds + (one.credibility_seconds or 0.0) for one in history)


def _resident_mib(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def _plain_tune(points: int, slots: int) -> dict[str, float]:
    """The same trainings as plain Tune runs them: seconds of wall time, and of the work recorded."""
    import ray
    from ray import tune

    def train(config: dict[str, Any]) -> None:
        from trainables import device

        device.pin(1)
        from trainables.datasets import load
        from trainables.training import Training

        point = TrialConfig.model_validate({**POINT, "seed": config["seed"]})
        work = sum(_work((record,)) for record in Training(point, load("digits")))
        tune.report({"work": work})

    ray.init(address="local", num_cpus=slots, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory(prefix="plain-tune-") as folder:
        tuner = tune.Tuner(
            tune.with_resources(train, {"cpu": 1}),
            param_space={"seed": tune.grid_search(list(range(points)))},
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        began = time.monotonic()
        found = tuner.fit()
        wall = time.monotonic() - began
        work = [result.metrics["work"] for result in found]
    ray.shutdown()
    assert len(work) == points
    return {"points": points, "wall": wall, "work": sum(work)}


def _report(service: Service, plain: dict[str, float], slots: int) -> str:
    points, work = service.points, service.work / service.points
    settled = _row("service, first result to last", points - 1, service.between, work, slots)
    whole = _row("service, command to exit", points, service.wall, work, slots)
    rival = _row("plain Tune", int(plain["points"]), plain["wall"], plain["work"] / plain["points"], slots)
    overhead, growth = slots * service.between / (points - 1) - work, _growth(service)
    lines = [
        f"# What the service adds to a point: {points} trivial points, {slots} at a time",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}, load average "
        f"{os.getloadavg()[1]:.1f} from this and other work. A point is a network of width {POINT['width']} on digits, "
        "one epoch, MI with its credibility at both ends. Work is the training and measuring that points recorded, "
        "compilation included; overhead is what else a slot takes for a point. Plain Tune: a process for each trial, "
        "which imports and compiles anew; the same training, nothing stored or tracked; Ray's start is not counted.",
        "",
        "| | points | wall (s) | a slot takes for a point (s) | work (s) | overhead (s) |",
        "|---|---|---|---|---|---|",
        *(settled, whole, rival),
        "",
        f"- {'holds' if overhead <= BOUND_SECONDS else 'FAILS'}: at most {BOUND_SECONDS:g} s of overhead for a point",
        f"- {'holds' if growth <= FLAT_MIB_PER_1000 else 'FAILS'}: the driver's memory is flat: for every 1,000 points "
        f"it grows by {growth:.0f} MiB, at most {FLAT_MIB_PER_1000:g}, while they run; at its highest, when the "
        f"tracker is compared with the store at the end, it is {max(mib for _, mib in service.memory):.0f} MiB",
        f"- trials ran in {service.processes} processes, {points / service.processes:.0f} points in each",
        "",
        "| results so far | driver (MiB) |",
        "|---|---|",
        *(f"| {count} | {mib:.0f} |" for count, mib in _looks(service)),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, points: int, wall: float, work: float, slots: int) -> str:
    takes = slots * wall / points
    return f"| {name} | {points} | {wall:.1f} | {takes:.3f} | {work:.3f} | {takes - work:.3f} |"


def _looks(service: Service) -> list[tuple[int, float]]:
    """The memory when a tenth, a quarter, ... of the results were there, as near as it was looked at."""
    alive = [look for look in service.memory if look[1]]
    return [next((look for look in alive if look[0] >= share * service.points), alive[-1]) for share in SHARES]


def _growth(service: Service) -> float:
    """MiB for every 1,000 points, while results come in, from a tenth of them on: between first and last looks."""
    looks = [look for look in service.memory if service.points / 10 <= look[0] < service.points]
    tenth = max(1, len(looks) // 10)
    (first, before), (last, after) = (
        (median(count for count, _ in part), median(mib for _, mib in part)) for part in (looks[:tenth], looks[-tenth:])
    )
    return 1000 * (after - before) / max(1.0, last - first)


if __name__ == "__main__":
    main()

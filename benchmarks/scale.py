"""Time the commands on large stores: python -m benchmarks.scale

Synthetic stores of finished points are looked at by whole commands, as a user would: `plan`, `status`, `show` of one
point, `export`, `claims`, and `run` with nothing to do. The rival, in the same run, is the same command on the same
store without its index, so that every object is read, as every command did before there was one. Medians of seconds of
several runs (of the rival: of one), and the most memory, go to benchmarks/results/scale.md. There is no tracking server
at the address that `run` is given.
"""

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.stores import NAME, SWEEP, Cost, build, cost
from sweep.store import Store
from sweep.system import provenance

RESULTS = Path(__file__).parent / "results"
SIZES = (1000, 5000, 20000)
BOUND_SECONDS = 5.0
"""`plan` and `status` may take so long for the largest store."""
BOUND = ("plan", "status")
INDEX = "index"
NO_SERVER = "http://127.0.0.1:9"


def main() -> None:
    """Build the stores, time the commands on them, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=SIZES)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    took: dict[str, dict[int, tuple[Cost, Cost]]] = {}
    for size in options.points:
        with tempfile.TemporaryDirectory() as folder:
            for name, costs in _time(Path(folder), size, options.epochs, options.repeats).items():
                took.setdefault(name, {})[size] = costs
                print(size, name, *costs, flush=True)
    (RESULTS / "scale.md").write_text(_report(took, options.points, options.epochs, options.repeats))
    print(RESULTS / "scale.md")


def _time(folder: Path, size: int, epochs: int, repeats: int) -> dict[str, tuple[Cost, Cost]]:
    """What each command takes with the index and without it."""
    root, out = folder / "runs", folder / "out"
    code = provenance.current() | {"device": "cpu", "threads": 1}
    points = build(Store(root), size, epochs, code)
    spec = folder / "many.yaml"
    spec.write_bytes(Store(root).objects.read(Store(root).spec_name(NAME)) or b"")
    commands = {
        "plan": ["plan", str(spec)],
        "status": ["status", NAME],
        "show": ["show", NAME, points[0].point_id],
        "export": ["export", NAME, "-o", str(out)],
        "claims": ["claims", NAME],
        "run, nothing to do": ["run", str(spec), "--tracking-uri", NO_SERVER],
    }
    cost([SWEEP, *commands["run, nothing to do"], "--store", str(root)])  # writes the index
    index = root / INDEX
    kept = index.read_bytes()
    taken = {}
    for name, command in commands.items():
        whole = [SWEEP, *command, "--store", str(root)]
        with_index = []
        for _ in range(repeats):
            index.write_bytes(kept)
            with_index.append(_fresh(whole, out))
        index.unlink()
        taken[name] = (_median(with_index), _fresh(whole, out))
    return taken


def _fresh(command: Sequence[str], out: Path) -> Cost:
    """The cost of a command that finds no files of the last one."""
    for path in out.glob("*"):
        path.unlink()
    return cost(command)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(one.seconds for one in costs), max(one.gigabytes for one in costs))


def _report(
    took: Mapping[str, Mapping[int, tuple[Cost, Cost]]], sizes: Sequence[int], epochs: int, repeats: int
) -> str:
    most = max(sizes)
    is_within = all(took[name][most][0].seconds <= BOUND_SECONDS for name in BOUND)
    lines = [
        "# Large stores",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}, load average of "
        f"{os.getloadavg()[1]:.1f} from this and other work. Finished points of {epochs} epochs; whole commands, "
        f"Python's start and imports included; medians of {repeats}. In brackets: once without the index of the store. "
        "`run` finds no tracking server. "
        f"`plan` and `status` of {most:,} points within {BOUND_SECONDS:g} s: {'yes' if is_within else 'no'}.",
        "",
        "Seconds:",
        "",
        *_table(took, sizes, lambda one: f"{one.seconds:.1f}"),
        "",
        "Memory at its highest, MB:",
        "",
        *_table(took, sizes, lambda one: f"{1000 * one.gigabytes:,.0f}"),
    ]
    return "\n".join(lines) + "\n"


def _table(
    took: Mapping[str, Mapping[int, tuple[Cost, Cost]]], sizes: Sequence[int], written: Callable[[Cost], str]
) -> list[str]:
    rows = [
        f"| `{name}` | " + " | ".join(f"{written(by[size][0])} ({written(by[size][1])})" for size in sizes) + " |"
        for name, by in took.items()
    ]
    return [f"| | {' | '.join(f'{size:,} points' for size in sizes)} |", f"|---|{'---|' * len(sizes)}", *rows]


if __name__ == "__main__":
    main()

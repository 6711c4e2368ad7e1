"""Time `sweep --help` beside a bare Typer app and an empty program: python -m benchmarks.start

Each is started as a process of its own, in turn, so that all see the same machine; medians go to
benchmarks/results/start.md.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
BARE = """
import typer
app = typer.Typer()
@app.command()
def one() -> None: "The first."
@app.command()
def two() -> None: "The second."
app()
"""


def main() -> None:
    """Time them and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.py")
        bare.write_text(BARE)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "a bare Typer app --help": [sys.executable, str(bare), "--help"],
            "sweep --version": [str(Path(sys.executable).with_name("sweep")), "--version"],
            "sweep --help": [str(Path(sys.executable).with_name("sweep")), "--help"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    bare_seconds = medians["a bare Typer app --help"]
    lines = [
        "# How soon the command answers",
        "",
        f"{os.cpu_count()} CPUs, Python {platform.python_version()} on {platform.machine()}; medians of {repeats} "
        "starts in turn.",
        "",
        "| command | seconds | of a bare Typer app |",
        "|---|---|---|",
        *(f"| `{name}` | {value:.3f} | {value / bare_seconds:.2f} |" for name, value in medians.items()),
    ]
    (RESULTS / "start.md").write_text("\n".join(lines) + "\n")
    print(RESULTS / "start.md")


if __name__ == "__main__":
    main()

"""Prints the memory that an estimate takes at its peak, in parts of its samples as float64: memory_peak.py DTYPE."""

import sys
from pathlib import Path

import numpy as np

from trainables.information import measure

SAMPLES, COLUMNS = 2000, 1000


def peak_bytes() -> int:
    """The most that was resident since the peak was reset."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


measure(*np.random.default_rng(0).normal(size=(2, 100, 3)))
samples = np.random.default_rng(0).normal(size=(2, SAMPLES, COLUMNS)).astype(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")
before = peak_bytes()
measure(*samples, scales=("none",))
print((peak_bytes() - before) / (2 * SAMPLES * COLUMNS * 8))

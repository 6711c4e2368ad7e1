"""Prints by how many bytes the largest memory of the process grows in an estimate on 20,000 samples."""

import resource

import numpy as np

from trainables.information import measure


def largest_bytes() -> int:
    """The most that was resident so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


measure(*np.random.default_rng(0).normal(size=(2, 100, 3)))
samples = np.random.default_rng(0).normal(size=(2, 20_000, 3))
before = largest_bytes()
measure(*samples, threads=2)
print(largest_bytes() - before)

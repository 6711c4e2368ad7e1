"""Counts neighbors; prints their sum, and how many functions were compiled for it rather than read from the cache."""

from typing import Any

import numpy as np

from trainables.information.neighbors import bounds, count
from trainables.information.neighbors.queries import counts_within
from trainables.information.neighbors.space import prepare

space = prepare(np.random.default_rng(0).normal(size=(300, 3)), np.arange(300), threads=2)
print(counts_within(space, [1.0], np.full((1, 300), 0.5), threads=2).sum())
kernels: list[Any] = [bounds.gather_rows, count.count_neighbors]
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels))

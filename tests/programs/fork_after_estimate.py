"""Estimates, forks, and estimates again in the child; prints the child's exit code, 0 when both agree."""

import os

import numpy as np

from trainables.information import mutual_information

x, y = np.random.default_rng(0).normal(size=(2, 1000, 4))
before = mutual_information(x, y, threads=2)
child = os.fork()
if child == 0:
    os._exit(0 if mutual_information(x, y, threads=2) == before else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

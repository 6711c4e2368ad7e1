"""Loaded by every Python process with this folder on its path: calls the test's `strike` in the midst of trainings.

The file named by SWEEP_TEST_STRIKE defines `strike(point, epoch)`. It is called before the training of a point is
built, with epoch -1, and at each epoch before its record is handed on. It may raise, sleep, or kill the process.
"""

import importlib.abc
import importlib.machinery
import os
import runpy
import sys

STRUCK = "trainables.training"


class Finder(importlib.abc.MetaPathFinder):
    """Finds the module as usual, and changes it once it is loaded."""

    def find_spec(self, name, path, target=None):
        if name != STRUCK:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            change(module.Training)

        spec.loader.exec_module = exec_module
        return spec


def change(training):
    """Let `strike` be called."""
    strike = runpy.run_path(os.environ["SWEEP_TEST_STRIKE"])["strike"]
    build, records = training.__init__, training.__iter__

    def __init__(self, config, *arguments, **named):
        strike(config, -1)
        build(self, config, *arguments, **named)

    def __iter__(self):
        for record in records(self):
            strike(self.config, record.epoch)
            yield record

    training.__init__, training.__iter__ = __init__, __iter__


if os.environ.get("SWEEP_TEST_STRIKE"):
    sys.meta_path.insert(0, Finder())

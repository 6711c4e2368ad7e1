"""Loaded by every Python process with this folder on its path: calls a function of `strikes` in the midst of trainings.

The file named by SWEEP_TEST_STRIKE has its name and its settings, and is read at the start of each training. The
function is called with the point and -1 before the training is built, and with the point and the epoch before the
record of each epoch is handed on. It may raise, sleep, or kill the process.
"""

import functools
import importlib.abc
import importlib.machinery
import json
import os
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
    """Let the strike be called."""
    build, records = training.__init__, training.__iter__

    def __init__(self, config, *arguments, **named):
        self.strike = chosen_strike()
        self.strike(config, -1)
        build(self, config, *arguments, **named)

    def __iter__(self):
        for record in records(self):
            self.strike(self.config, record.epoch)
            yield record

    training.__init__, training.__iter__ = __init__, __iter__


def chosen_strike():
    """The function that the test has chosen, with its settings."""
    import strikes

    with open(os.environ["SWEEP_TEST_STRIKE"]) as file:
        chosen = json.load(file)
    return functools.partial(getattr(strikes, chosen["name"]), **chosen["settings"])


if os.environ.get("SWEEP_TEST_STRIKE"):
    sys.meta_path.insert(0, Finder())

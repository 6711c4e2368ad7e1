"""Specs of sweeps: points from a YAML file, validated, with file and line in every error message.

Not here: the location of a spec (`store.spec_source`), the fields of a point (`trainables.config`).
"""

from sweep.spec.model import Block, Resources, SweepSpec, presets, trials_at_a_time
from sweep.spec.reader import SpecReader, spec_from_bytes, without_problems
from sweep.spec.remeasured import remeasured
from sweep.spec.wording import in_words

__all__ = [
    "Block",
    "Resources",
    "SpecReader",
    "SweepSpec",
    "in_words",
    "presets",
    "remeasured",
    "spec_from_bytes",
    "trials_at_a_time",
    "without_problems",
]

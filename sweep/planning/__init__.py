"""What a run would do and cost: points to run, changes since the last run, time, GPU memory, disk space.

Not here: the printing (`cli`), the run (`driver`).
"""

from sweep.planning.changes import CodeChange, SpecChange, code_change, commit, last_change
from sweep.planning.costs import NEWEST, Sample, costs, makespan, sample, work
from sweep.planning.gpu_memory import Fit, fit
from sweep.planning.plan import Plan, accelerator_hours, measurable, plan, priced

__all__ = [
    "NEWEST",
    "CodeChange",
    "Fit",
    "Plan",
    "Sample",
    "SpecChange",
    "accelerator_hours",
    "code_change",
    "commit",
    "costs",
    "fit",
    "last_change",
    "makespan",
    "measurable",
    "plan",
    "priced",
    "sample",
    "work",
]

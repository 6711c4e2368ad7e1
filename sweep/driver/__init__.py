"""One run of a sweep: checks beforehand, an executor for the points, failures as they come, stopping.

Executors: a Ray of this machine, a Ray cluster, this process. Only `tune_*` modules import Ray, when a run needs it.
Imported by `cli`. Not here: the work on one point (`trial`), what to run (`planning`), the display (`progress`).
"""

from sweep.driver.driver import Driver, run
from sweep.driver.options import Options

__all__ = ["Driver", "Options", "run"]

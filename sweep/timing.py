"""LEAF. The delays of a run, as one value that the driver passes to its parts and its trials."""

import os
from dataclasses import dataclass, field


def _from_environment(name: str, default: str) -> float:
    return float(os.environ.get(name, default))


@dataclass(frozen=True)
class Timing:
    """Delays and limits, in seconds; the defaults come from this process' environment."""

    snapshot_seconds: float = field(default_factory=lambda: _from_environment("SWEEP_SNAPSHOT_SECONDS", "10"))
    """A snapshot is taken this long after the last one, at the earliest."""

    hang_seconds: float = field(default_factory=lambda: _from_environment("SWEEP_HANG_SECONDS", "600"))
    """A trial may always take this long to its next epoch."""

    points_per_process: int = field(default_factory=lambda: int(os.environ.get("SWEEP_POINTS_PER_PROCESS", "200")))
    """The process of a trial is replaced after so many points."""

    step_seconds: float = 1.0
    """A step trains epochs for at least this long, so that Ray's cost per report does not grow with fast epochs."""

    look_seconds: float = 1.0
    """The driver checks for silent trials this often."""

    @property
    def slack_seconds(self) -> float:
        """How much longer than its allowance the driver waits for a hanging trial to end itself."""
        return min(30.0, self.hang_seconds)

"""LEAF. The delays of a run, as one value that the driver passes to its parts and its trials."""

import os
from dataclasses import dataclass, field


def _from_environment(name: str, default: str) -> float:
    return float(os.environ.get(name, default))


@dataclass(frozen=True)
class LeaseTiming:
    """Delays of the lease of a sweep."""

    beat_seconds: float = 2.0
    """A driver renews its lease this often."""

    look_seconds: float = 4.0
    """A driver whose lease changes within this time is certainly alive."""

    silence_seconds: float = 30.0
    """A driver on another host counts as lost after so long without a heartbeat; slow shared folders delay
    heartbeats."""


@dataclass(frozen=True)
class ClaimTiming:
    """Delays of writers that create one object by claims."""

    settle_seconds: float = 3.0
    """The wait between putting a claim and listing the claims."""

    write_seconds: float = 1.0
    """A claim that took longer to put does not count. With `settle_seconds` this leaves 2 s between the claims of two
    writers that did not see each other: services give the times of objects in whole seconds."""

    hold_seconds: float = 20.0
    """A writer that has not begun to write so long after its claim must claim again."""

    stale_seconds: float = 90.0
    """A claim that is still there after so long belongs to a dead writer."""

    look_seconds: float = 0.5
    """A writer looks this often whether the one before it is done."""


@dataclass(frozen=True)
class StoreTiming:
    """Delays of a store: of its leases, and of its objects in a folder or a bucket."""

    lease: LeaseTiming = LeaseTiming()
    claim: ClaimTiming = ClaimTiming()

    folder_settle_seconds: float = 0.3
    """Much longer than a few successive operations in a folder take."""

    bucket_settle_seconds: float = 2.0
    """Much longer than a few successive requests take."""

    leftover_seconds: float = 3600.0
    """A temporary file of an unknown process is a leftover after so long: no single write takes so long."""


@dataclass(frozen=True)
class HeadTiming:
    """Delays of the watch over a Ray cluster's head and the driver's own node."""

    probe_seconds: float = 2.0
    """How often their ports are tried, and how long these may take to open."""

    silence_seconds: float = 20.0
    """What did not open its port for so long counts as lost; Ray itself would end the driver after 60 s."""


@dataclass(frozen=True)
class MirrorTiming:
    """Delays of the MLflow mirror of a running sweep."""

    retry_seconds: float = 15.0
    """A tracker that did not answer is tried again after so long."""

    answer_seconds: float = 3.0
    """A tracking server that does not answer within this time is out."""

    server_end_seconds: float = 20.0
    """The end of a sweep waits at most this long for a mirror on a server, plus a share of the sweep's duration."""

    database_end_seconds: float = 120.0
    """The same limit for a mirror in a database."""

    outage_end_seconds: float = 4.0
    """The same limit if the tracker did not answer the last request."""


@dataclass(frozen=True)
class JobTiming:
    """Delays of a client of a cluster's jobs: of its own process, not of the run that it asks for."""

    answer_seconds: float = 5.0
    """A cluster that does not answer within this time cannot be used."""


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

    index_seconds: float = 60.0
    """The driver brings the store's index up to date this often, and at its end."""

    store: StoreTiming = StoreTiming()
    head: HeadTiming = HeadTiming()
    mirror: MirrorTiming = MirrorTiming()

    @property
    def slack_seconds(self) -> float:
        """How much longer than its allowance the driver waits for a hanging trial to end itself."""
        return min(30.0, self.hang_seconds)

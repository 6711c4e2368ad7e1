"""LEAF. One family of errors, each with the exit code that scripts rely on."""


class SweepError(Exception):
    """Ends a command with one message; `exit_code` is the command's."""

    exit_code = 1


class UsageError(SweepError):
    """Bad usage, spec or data: nothing was started."""

    exit_code = 2


class PointsFailed(SweepError):
    """The sweep ended, but some of its points failed."""

    exit_code = 3


class DriverLive(SweepError):
    """Another driver works on this sweep."""

    exit_code = 4


class Interrupted(SweepError):
    """Stopped before the end; the same command goes on."""

    exit_code = 5


class StorageFault(SweepError):
    """The store cannot be read or written."""

    exit_code = 6


class ClusterUnusable(SweepError):
    """Ray could not be started, reached, or cannot fit a trial."""

    exit_code = 7

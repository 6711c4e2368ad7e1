"""LEAF. One family of errors, each with the exit code that scripts rely on, and with the user's next step."""

from collections.abc import Iterator


class SweepError(Exception):
    """Ends a command with one message and with `exit_code`.

    message: what is wrong: the culprit, its value, what is allowed. next: the user's next step, a command where there
    is one, which is printed below the message.
    """

    exit_code = 1

    def __init__(self, message: str = "", *, next: str | None = None) -> None:
        super().__init__(message)
        self.message, self.next = message, next

    def __str__(self) -> str:
        return with_next(self.message, self.next)


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
    """The run was stopped before its end; the same command continues it."""

    exit_code = 5


class StorageFault(SweepError):
    """The store cannot be read or written."""

    exit_code = 6


class OtherRecordVersion(StorageFault):
    """A record of the store is of a schema version that this program does not read; it is not changed."""

    @classmethod
    def of(cls, message: str) -> "OtherRecordVersion":
        """The error with this message and the user's next step."""
        return cls(
            message, next="upgrade mi-sweep to the version that wrote it, then the same again; it is left as it is"
        )


class ClusterUnusable(SweepError):
    """Ray could not be started, reached, or cannot fit a trial."""

    exit_code = 7


def causes(error: BaseException, *, only_explicit: bool = False) -> Iterator[BaseException]:
    """The error, then its cause, and so on; the last is the root cause. A circular chain ends.

    The cause of an error is given by `raise ... from`, or, unless `only_explicit`, is the error that was being handled.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if only_explicit else current.__context__)


def with_next(message: str, next: str | None) -> str:
    """The message, with the next step on a line below it."""
    return f"{message}\n  next: {next}" if next else message

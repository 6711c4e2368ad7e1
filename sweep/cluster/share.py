"""What each trial of a run gets of the machine or the cluster. Pure; imports no Ray."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Share:
    """What each trial gets, how many run at once, and a note for the user."""

    gpus: float
    cpus: float
    threads: int
    concurrent: int | None
    note: str | None = None

    def enlarged(self, largest_cpus: float) -> "Share":
        """A larger share: a whole GPU for a part of one, twice the CPUs if a node has them, half as many at once.

        The threads stay the same, as they change the numbers.
        """
        return replace(
            self,
            gpus=1.0 if 0 < self.gpus < 1 else self.gpus,
            cpus=max(self.cpus, min(2 * self.cpus, largest_cpus)),
            concurrent=max(1, self.concurrent // 2) if self.concurrent else None,
        )

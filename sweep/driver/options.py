"""How to run a sweep, as given on the command line."""

from dataclasses import dataclass, field
from pathlib import Path

from sweep.commands import command_line
from sweep.storage import StoreAddress
from sweep.store import Definitions
from sweep.tracking.settings import default_tracking_uri


@dataclass(frozen=True)
class Options:
    """How to run, as given on the command line. definitions: of claims, which the sweep records when it starts."""

    store: StoreAddress
    tracking_uri: str
    data_dir: Path | None
    max_concurrent: int | None = None
    address: str | None = None
    retry: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    accept_code_change: bool = False
    definitions: Definitions = field(default_factory=dict)

    def command(self, *arguments: str) -> str:
        """A `sweep` command on the same store, data, tracker and cluster, to paste."""
        arguments = (*arguments, "--accept-code-change") if self.accept_code_change else arguments
        tracking = None if self.tracking_uri == default_tracking_uri(self.store) else self.tracking_uri
        return command_line(
            *arguments, store=self.store, tracking_uri=tracking, data_dir=self.data_dir, address=self.address
        )

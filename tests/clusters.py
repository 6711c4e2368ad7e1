"""A Ray cluster of several nodes on this machine, in a process of its own; nodes come and go as a test wants."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.processes import program
from tests.struck import Sweeps


class Nodes:
    """A head that runs no trials, and its workers, by their ids."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address, self.head, *self.workers = self._read()

    def kill(self, node: str) -> None:
        """SIGKILL every process of a node, those of trials among them."""
        self._ask(node)

    def add(self) -> None:
        """Start one more worker like the others."""
        self._ask("add")

    def _ask(self, what: str) -> None:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        left = self._read()[1:]
        self.workers = [node for node in left if node != self.head]

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(next(line for line in self._process.stdout if line.startswith("[")))


@contextmanager
def nodes(sweeps: Sweeps, workers: int = 2, cpus: int = 1, gpus: int = 0) -> Iterator[Nodes]:
    """So many workers of that size, whose trials run in the surroundings of these sweeps."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    command = program("ray_nodes", str(workers), str(cpus), str(gpus))
    with subprocess.Popen(command, env=sweeps.environment, cwd=sweeps.folder, text=True, **pipes) as process:
        try:
            yield Nodes(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)

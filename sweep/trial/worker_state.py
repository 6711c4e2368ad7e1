"""The state of a trial's process: what it keeps between points, its part of a GPU, and when it needs a restart."""

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from sweep.system import machine
from sweep.timing import Timing
from trainables import device, gpu_share
from trainables.config import DatasetName, TrialConfig
from trainables.datasets import Dataset, load

if TYPE_CHECKING:
    from trainables.networks import Network  # imports Keras, which must wait for `device.pin`

GROWTH_BYTES = 2**30
"""A process is replaced once it has grown by so much since its first point, or after so many points (`Timing`): every
network that is compiled leaves some 17 MiB behind, which Keras' clear_session does not give back; one that is used
again, nothing."""


def resident_bytes() -> int:
    """The memory of this process that is in use now."""
    return int(psutil.Process().memory_info().rss)


class WorkerState:
    """What a process keeps between points: data sets, the last network, and the counts that decide its restart."""

    def __init__(
        self,
        datasets: Mapping[str, Dataset] | None = None,
        points: int | None = None,
        growth_bytes: int = GROWTH_BYTES,
        memory: Callable[[], int] = resident_bytes,
    ) -> None:
        self._most = Timing().points_per_process if points is None else points
        self._growth, self._memory = growth_bytes, memory
        self._ended, self._first_bytes = 0, 0
        self._datasets: dict[str, Dataset] = dict(datasets or {})
        self._network: Network | None = None
        self._is_configured = False
        self.gpu_limit_mib: int | None = None

    def configure(self, threads: int, gpus: float) -> None:
        """Pin the threads and limit the GPU memory to that share; call it before Keras is imported."""
        device.pin(threads)
        if self._is_configured:
            return
        if 0 < gpus < 1 and (gpus_seen := machine.gpus()):
            memory_mib = min(gpu.memory_mib for gpu in gpus_seen)
            self.gpu_limit_mib = gpu_share.limit_mib(gpus, memory_mib)
            if self.gpu_limit_mib is not None:
                gpu_share.keep_to(self.gpu_limit_mib, memory_mib)
        self._is_configured = True

    def dataset(self, name: DatasetName, data_dir: Path | None) -> Dataset:
        """The data set, from the driver or loaded once; raises as `datasets.load`."""
        if name not in self._datasets:
            self._datasets[name] = load(name, data_dir)
        return self._datasets[name]

    def take_network(self, point: TrialConfig, data: Dataset) -> "Network | None":
        """Hand over the kept network if it serves the point; if it does not, free it and return None."""
        kept, self._network = self._network, None
        if kept is None or kept.serves(point, data):
            return kept
        del kept
        gc.collect()  # a network is full of cycles, and the memory of a GPU would not count as short
        return None

    def keep_network(self, network: "Network") -> None:
        """Keep the network of a training that has ended, for the next point."""
        self._network = network

    def end_point(self) -> None:
        """Count a point that has ended in this process."""
        self._ended += 1
        if self._ended == 1:
            self._first_bytes = self._memory()

    @property
    def needs_restart(self) -> bool:
        """Whether the next point should have a process of its own."""
        return self._ended >= self._most or (self._ended > 1 and self._memory() - self._first_bytes > self._growth)

"""How values are estimated: the options that do not depend on the samples, checked when they are put together."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from trainables.information.device import is_on_accelerator
from trainables.information.estimators.formulas import ESTIMATORS
from trainables.information.samples import NPEET_NOISE, require_known, require_neighbors, require_noise
from trainables.information.threads import available_threads


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of an estimate; `api.mutual_information` says what each means. Raises ValueError for wrong ones."""

    k: int = 3
    base: float = 2
    noise: float = NPEET_NOISE
    threads: int | None = None
    estimator: str = "ksg"
    device: bool | None = None

    def __post_init__(self) -> None:
        require_known("estimator", self.estimator, ESTIMATORS)
        if self.estimator == "npeet" and self.noise != NPEET_NOISE:
            raise ValueError(f"noise = {self.noise}: estimator 'npeet' always adds {NPEET_NOISE}; use estimator 'ksg'")
        if not (isfinite(self.base) and self.base > 1.0):
            raise ValueError(f"base = {self.base}: the base of the logarithm must be a finite number above 1")
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads = {self.threads}: at least 1 is needed, or None for all")
        if self.device and self.estimator != "ksg":
            raise ValueError(f"device = True: estimator {self.estimator!r} runs on the CPU only; use estimator 'ksg'")
        require_neighbors(self.k)
        require_noise(self.noise)

    @property
    def cpu_threads(self) -> int:
        """The number of threads to use: those asked for, else all."""
        return self.threads or available_threads()

    def is_for_device(self, samples: Iterable[object]) -> bool:
        """Whether to work on the device: if asked to, or if not told and "ksg" is to use an array on an accelerator."""
        if self.device is not None:
            return self.device
        return self.estimator == "ksg" and any(map(is_on_accelerator, samples))

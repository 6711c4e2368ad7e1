"""MI of the probed pairs at one epoch: from activations to pair records."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trainables import information
from trainables.config import TrialConfig
from trainables.information.backend import is_device_array, to_host
from trainables.probes import Pair
from trainables.records import PairRecord

SUBSET_SEED = 0
"""Every point that measures a subset of the validation images measures the same one."""


@dataclass(frozen=True)
class Probe:
    """Measures the given pairs as the config asks, on as many CPU threads as the trial owns."""

    config: TrialConfig
    pairs: tuple[Pair, ...]
    threads: int

    @property
    def outputs(self) -> set[str]:
        """Names of the network's outputs that a measurement needs."""
        return {name for pair in self.pairs for name in (pair.x, pair.y)} - {"input"}

    def unmeasured(self) -> tuple[PairRecord, ...]:
        """The records of an epoch at which nothing is due."""
        return tuple(PairRecord(pair.name) for pair in self.pairs)

    def measure(self, activations: Mapping[str, Any], epoch: int, with_credibility: bool) -> tuple[PairRecord, ...]:
        """One record per pair, from activations by output name, each of shape (validation images, units).

        Activations on an accelerator are measured there.
        """
        return tuple(self._measure(pair, activations, epoch, with_credibility) for pair in self.pairs)

    def _measure(self, pair: Pair, activations: Mapping[str, Any], epoch: int, with_credibility: bool) -> PairRecord:
        measure, seed = self.config.measure, _seed(self.config.seed, epoch, pair.name)
        x, y = self._samples(activations[pair.x]), self._samples(activations[pair.y])
        if self.config.channel_noise:
            y = to_host(y) + np.random.default_rng([seed, 1]).normal(0, self.config.channel_noise, y.shape)
        scales = ("balanced",) if pair.is_with_input else measure.scales
        options: dict[str, Any] = {"k": measure.neighbors, "seed": seed, "threads": self.threads}
        options["estimator"] = measure.estimator
        value = information.measure(x, y, scales=scales, **options)
        record = PairRecord(pair.name, value.bits, value.balanced_bits, value.scale_ratio, value.reason)
        if not with_credibility or value.reason:
            return record
        trust = information.diagnose(x, y, scale=scales[0], **options)
        return PairRecord(
            **vars(record)
            | {
                "mi_ceiling_bits": trust.ceiling_bits,
                "mi_null_bits": trust.null_bits,
                "mi_standard_error_bits": trust.standard_error_bits,
            }
        )

    def _samples(self, values: Any) -> Any:
        if isinstance(self._subset, slice) or not is_device_array(values):
            return values[self._subset]
        import keras

        return keras.ops.take(values, self._subset, axis=0)

    @cached_property
    def _subset(self) -> np.ndarray | slice:
        samples = self.config.measure.samples
        if samples == "all":
            return slice(None)
        available = self.config.validation_images
        return np.sort(np.random.default_rng(SUBSET_SEED).permutation(available)[:samples])


def _seed(seed: int, epoch: int, pair: str) -> int:
    """Of the tie-breaking noise: a function of the point's seed, the epoch and the pair, so resuming needs no state."""
    digest = hashlib.sha256(f"{seed}/{epoch}/{pair}".encode()).digest()
    return int.from_bytes(digest[:4], "big")

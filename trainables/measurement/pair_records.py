"""MI of the probed pairs at one epoch: from activations to pair records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from trainables import information
from trainables.config import TrialConfig
from trainables.information.device import to_host
from trainables.measurement.subset import measured_images, rows, seed_of
from trainables.probes import LayerPair
from trainables.records import PairRecord


@dataclass(frozen=True)
class Probe:
    """Measures the given pairs as the config asks, on as many CPU threads as the trial owns."""

    config: TrialConfig
    pairs: tuple[LayerPair, ...]
    threads: int

    @property
    def outputs(self) -> set[str]:
        """Names of the network's outputs that a measurement needs."""
        return {name for pair in self.pairs for name in (pair.x, pair.y)} - {"input", "label"}

    def unmeasured(self) -> tuple[PairRecord, ...]:
        """The records of an epoch at which nothing is due."""
        return tuple(PairRecord(pair.name) for pair in self.pairs)

    def measure(self, activations: Mapping[str, Any], epoch: int) -> tuple[PairRecord, ...]:
        """One record per pair, from activations by output name, each of shape (validation images, units).

        `input` (images, pixels) and `label` (images,) are needed for pairs that name them. With the label,
        `mutual_information_bits` is Ross's estimate: all its distances are in the layer, so the value is the same on
        every scale, and the balanced value and the scale ratio are left out without a reason.

        Activations on an accelerator are measured there, with the same values; what is about labels is found on the
        host.
        """
        signals = self._signals(activations, epoch)
        names = [self._names(pair) for pair in self.pairs]
        between = [place for place, pair in enumerate(self.pairs) if not pair.is_with_label]
        found = information.measure_pairs(
            signals,
            [names[place] for place in between],
            scales=[self._scales(self.pairs[place]) for place in between],
            seeds={name: self._seed(epoch, name) for name in signals},
            estimator=self.config.measure.estimator,
            **self._options,
        )
        values = dict(zip(between, found, strict=True))
        records = []
        for place, pair in enumerate(self.pairs):
            if pair.is_with_label:
                x = names[place][0]
                label = activations["label"]
                records.append(self._with_label(pair.name, to_host(signals[x]), label, self._seed(epoch, x)))
            else:
                value = values[place]
                records.append(PairRecord(pair.name, value.bits, value.balanced_bits, value.scale_ratio, value.reason))
        return tuple(records)

    def examine(
        self, activations: Mapping[str, Any], epoch: int, records: tuple[PairRecord, ...]
    ) -> tuple[PairRecord, ...]:
        """The records that `measure` made of these activations, with how far each value can be trusted.

        Found on the host. Those with the label are left as they are: the credibility is KSG's.
        """
        signals = {name: to_host(signal) for name, signal in self._signals(activations, epoch).items()}
        return tuple(
            record if pair.is_with_label else self._examined(pair, record, signals, epoch)
            for pair, record in zip(self.pairs, records, strict=True)
        )

    def _examined(self, pair: LayerPair, record: PairRecord, signals: Mapping[str, Any], epoch: int) -> PairRecord:
        x, y = self._names(pair)
        trust = information.diagnose(
            signals[x],
            signals[y],
            measured=information.PairEstimate(
                record.mutual_information_bits,
                record.mutual_information_balanced_bits,
                record.scale_ratio,
                record.reason,
            ),
            estimator=self.config.measure.estimator,
            scale=self._scales(pair)[0],
            seed=self._seed(epoch, x),
            **self._options,
        )
        reason = record.reason
        if trust.below_noise and not reason:
            reason = (
                f"the distances of {' and '.join(trust.below_noise)} lie below the noise of {trust.noise:g}: rescale"
            )
        return replace(record, reason=reason, **_trust_fields(trust))

    def _signals(self, activations: Mapping[str, Any], epoch: int) -> dict[str, Any]:
        """The measured rows by name; what the channel adds noise to has a name of its own."""
        signals: dict[str, Any] = {}
        for pair, (x, y) in ((pair, self._names(pair)) for pair in self.pairs):
            signals.setdefault(x, self._rows(activations[pair.x]))
            if pair.is_with_label or y in signals:
                continue
            later = self._rows(activations[pair.y])
            if self.config.channel_noise:
                generator = np.random.default_rng([self._seed(epoch, y), 1])
                later = to_host(later) + generator.normal(0, self.config.channel_noise, later.shape)
            signals[y] = later
        return signals

    def _names(self, pair: LayerPair) -> tuple[str, str]:
        if self.config.channel_noise and not pair.is_with_label:
            return pair.x, f"{pair.y} after the channel"
        return pair.x, pair.y

    def _scales(self, pair: LayerPair) -> tuple[str, ...]:
        return ("balanced",) if pair.is_with_input else self.config.measure.scales

    @property
    def _options(self) -> dict[str, Any]:
        return {"k": self.config.measure.neighbors, "threads": self.threads}

    def _with_label(self, name: str, x: np.ndarray, labels: np.ndarray, seed: int) -> PairRecord:
        try:
            value = information.mutual_information_with_labels(x, labels[self._subset], seed=seed, **self._options)
        except information.DegenerateInput as degenerate:
            return PairRecord(name, reason=str(degenerate))
        return PairRecord(name, value.bits, mi_ceiling_bits=value.ceiling_bits)

    def _seed(self, epoch: int, layer: str) -> int:
        return seed_of(self.config, epoch, layer)

    def _rows(self, values: Any) -> Any:
        return rows(values, self._subset)

    @cached_property
    def _subset(self) -> np.ndarray | slice:
        return measured_images(self.config)


def _trust_fields(trust: information.Credibility) -> dict[str, Any]:
    n = trust.n or 0
    return {
        "mi_ceiling_bits": trust.ceiling_bits,
        "mi_null_bits": trust.null_bits,
        "mi_standard_error_bits": trust.standard_error_bits,
        "mi_half_n_bits": trust.n_curve.get(n // 2),
        "mi_quarter_n_bits": trust.n_curve.get(n // 4),
        "mi_k1_bits": trust.k_curve.get(1),
        "mi_k5_bits": trust.k_curve.get(5),
        "mi_k10_bits": trust.k_curve.get(10),
        "mi_noise_spread_bits": trust.noise_spread_bits,
        "mi_tied_share": trust.tied_share,
        "mi_duplicate_share": trust.duplicate_share,
        "mi_saturated_share": trust.saturated_share,
    }

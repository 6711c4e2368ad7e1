"""Made-up activations, and what a measurement makes of them."""

from typing import Any

import numpy as np

from trainables.config import TrialConfig
from trainables.measurement import Probe
from trainables.probes import LayerPair
from trainables.records import PairRecord

PAIR = LayerPair("first-last", "hidden_1", "hidden_2")
LABEL = LayerPair("2-label", "hidden_2", "label")
INPUT = LayerPair("input-2", "input", "hidden_2")
N = TrialConfig().validation_images
NOISY = {"channel_noise": 0.2}


def activations(n: int = N, dims: int = 2, noise: float = 0.3) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, dims))
    y = np.tanh(x + noise * generator.normal(size=x.shape))
    signals = {"hidden_1": np.tanh(x).astype("f4"), "hidden_2": y.astype("f4"), "input": x.astype("f4")}
    return signals | {"label": (x[:, 0] > 0).astype("i4")}


SIGNALS = activations()


def measured(
    signals: dict[str, np.ndarray] = SIGNALS,
    pair: LayerPair = PAIR,
    epoch: int = 3,
    with_credibility: bool = False,
    threads: int = 1,
    measure: dict[str, Any] | None = None,
    **fields: Any,
) -> PairRecord:
    probe = Probe(TrialConfig(measure=measure or {}, **fields), (pair,), threads)
    records = probe.measure(signals, epoch)
    (record,) = probe.examine(signals, epoch, records) if with_credibility else records
    return record


def bits(record: PairRecord) -> tuple[float, float]:
    assert record.mutual_information_bits is not None
    assert record.mutual_information_balanced_bits is not None
    return record.mutual_information_bits, record.mutual_information_balanced_bits

"""What else is asked for, beside KSG, of the probed pairs and of their layers: `measure.measures` of a config."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np

from trainables import geometry
from trainables.config import MeasureName, TrialConfig
from trainables.information import DegenerateInput, channel_information, decoded_information, propagated_information
from trainables.information.device import is_on_accelerator, to_host
from trainables.information.measures import MEASURES
from trainables.measurement.subset import measured_images, rows, seed_of
from trainables.probes import LayerPair
from trainables.records import MeasureRecord

OF_PAIRS: dict[MeasureName, str] = {
    "rank": "ksg/rank",
    "gaussian": "gaussian/affine",
    "sliced": "sliced/balanced",
    "binned": "binned/range",
}
"""By name in a config, the key in the registry of measures of a pair."""

OF_LAYERS: dict[str, Callable[[Any], geometry.Measure]] = {
    "participation_ratio": geometry.participation_ratio,
    "twonn_dimension": geometry.twonn_dimension,
    "mean_squared_activation": geometry.mean_squared_activation,
    "saturated_share": geometry.saturated_share,
}
"""Of `geometry`, by the name of the measure in tables."""


OF_JACOBIANS: dict[str, Callable[[Any], geometry.Measure]] = {
    "mean_squared_singular_value": geometry.mean_squared_singular_value,
    "isometry_deviation": geometry.isometry_deviation,
}


OF_GRADIENTS: dict[str, Callable[[geometry.GradientMoments], geometry.Measure]] = {
    "gradient_signal_to_noise": geometry.gradient_signal_to_noise,
    "gradient_mean": geometry.gradient_mean,
    "gradient_noise": geometry.gradient_noise,
}


PATHS = 16
"""Through the noisy network for every image; what their number leaves open stands between lower and upper."""


MOST_OPEN_BITS = 0.1


class Noisy(Protocol):
    """A network with noise at every layer: `networks.noisy_paths.NoisyPaths`."""

    def sample(self, images: np.ndarray, noise: float, paths: int, seed: int) -> dict[str, np.ndarray]:
        """By layer, (images, paths, units): its output without its own noise, with that of all layers before it."""


class MoreMeasures:
    """Measures the given pairs, and the layers in them, as the config asks, on as many threads as the trial owns."""

    def __init__(self, config: TrialConfig, pairs: Sequence[LayerPair], threads: int) -> None:
        self._config, self._pairs, self._threads = config, pairs, threads
        self._images = measured_images(config)

    def measure(
        self, activations: Mapping[str, Any], epoch: int, noisy: Noisy | None = None
    ) -> tuple[MeasureRecord, ...]:
        """The records of these activations, by output name, (validation images, units) each; none where none is asked.

        `input` (images, pixels) and `label` (images,) are needed for pairs that name them. noisy: the network with
        noise at every layer, where the config asks for such a channel.
        """
        asked = self._config.measure.measures
        if not asked:
            return ()
        names = dict.fromkeys(name for pair in self._pairs for name in (pair.x, pair.y))
        signals = {name: to_host(rows(activations[name], self._images)) for name in names}
        labels = np.asarray(activations["label"])[self._images]
        found: list[MeasureRecord] = []
        for name in asked:
            if name in OF_PAIRS:
                found += self._of_pairs(OF_PAIRS[name], signals, epoch)
            elif name == "channel" and self._config.measure.noise_at == "probe":
                on_device = {layer for layer in names if is_on_accelerator(activations[layer])}
                found += self._of_channels(signals, labels, epoch, on_device)
            elif name == "channel" and noisy:
                found += self._of_noisy_layers(np.asarray(activations["input"])[self._images], labels, noisy, epoch)
            elif name == "geometry":
                found += self._of_layers(signals)
        return tuple(found)

    def _of_pairs(self, key: str, signals: Mapping[str, Any], epoch: int) -> Iterator[MeasureRecord]:
        measure = MEASURES[key]
        for pair in (pair for pair in self._pairs if not pair.is_with_label):
            start = time.perf_counter()
            value = measure(
                signals[pair.x],
                signals[pair.y],
                k=self._config.measure.neighbors,
                seed=seed_of(self._config, epoch, f"{key}/{pair.name}"),
                threads=self._threads,
            )
            yield MeasureRecord(
                pair=pair.name,
                layer=_layer(pair.y),
                measure=measure.name,
                scale=measure.scale,
                seconds=time.perf_counter() - start,
                **asdict(value),
            )

    def _of_channels(
        self, signals: Mapping[str, Any], labels: np.ndarray, epoch: int, on_device: Set[str]
    ) -> Iterator[MeasureRecord]:
        noise = self._config.measure.noise
        for layer in self._layers(signals):
            start = time.perf_counter()
            name = _layer(layer)
            shared: dict[str, Any] = {"layer": name, "measure": "channel", "scale": "none", "noise": noise}
            try:
                found = channel_information(
                    signals[layer],
                    noise,
                    labels=labels,
                    seed=seed_of(self._config, epoch, f"channel/{layer}"),
                    threads=self._threads,
                    device=layer in on_device,
                )
            except DegenerateInput as degenerate:
                yield MeasureRecord(pair=f"input-{name}", value=None, unit="bits", reason=str(degenerate), **shared)
                continue
            yield MeasureRecord(
                pair=f"input-{name}",
                value=found.bits,
                unit="bits",
                standard_error=found.standard_error,
                lower=found.lower,
                upper=found.upper,
                ceiling=found.ceiling,
                saturated=found.saturated,
                seconds=time.perf_counter() - start,
                **shared,
            )
            yield MeasureRecord(
                pair=f"{name}-label",
                value=found.label_bits,
                unit="bits",
                standard_error=found.label_standard_error,
                ceiling=found.label_ceiling,
                **shared,
            )

    def _of_noisy_layers(
        self, images: np.ndarray, labels: np.ndarray, noisy: Noisy, epoch: int
    ) -> Iterator[MeasureRecord]:
        noise, seed = self._config.measure.noise, seed_of(self._config, epoch, "channel/every layer")
        for layer, paths in noisy.sample(images, noise, PATHS, seed).items():
            start = time.perf_counter()
            name = _layer(layer)
            shared: dict[str, Any] = {
                "layer": name,
                "measure": "channel",
                "scale": "noise at every layer",
                "unit": "bits",
                "noise": noise,
            }
            try:
                found = propagated_information(paths, noise, seed=seed, threads=self._threads, labels=labels)
                decoded = decoded_information(paths, noise, seed=seed, labels=labels)
            except DegenerateInput as degenerate:
                yield MeasureRecord(pair=f"input-{name}", value=None, reason=str(degenerate), **shared)
                continue
            of_image = _from_bounds((found.lower, found.upper), found.standard_error, decoded[:2], found.ceiling)
            of_label = _from_bounds(
                (found.label_lower, found.label_upper), found.label_standard_error, decoded[2:], found.label_ceiling
            )
            of_image["seconds"] = time.perf_counter() - start
            yield MeasureRecord(pair=f"input-{name}", **of_image, **shared)
            yield MeasureRecord(pair=f"{name}-label", **of_label, **shared)

    def _of_layers(self, signals: Mapping[str, Any]) -> Iterator[MeasureRecord]:
        for layer in self._layers(signals):
            for name, measure in OF_LAYERS.items():
                start = time.perf_counter()
                found = measure(signals[layer])
                yield MeasureRecord(
                    layer=_layer(layer),
                    measure=name,
                    value=found.value,
                    unit=found.unit,
                    standard_error=found.standard_error,
                    reason=found.reason,
                    seconds=time.perf_counter() - start,
                )

    def _layers(self, signals: Mapping[str, Any]) -> list[str]:
        return [name for name in signals if name not in ("input", "label")]


def _from_bounds(bounds: tuple[Any, Any], standard_error: Any, decoded: Sequence[Any], ceiling: Any) -> dict[str, Any]:
    """Halfway between the bounds of paths where they are near each other, else the higher of two lower bounds, in bits.

    decoded: a decoder's lower bound and its standard error.
    """
    sampled, upper = bounds
    of_decoder, error_of_decoder = decoded
    lower = max(0.0, sampled, of_decoder)
    left_open = upper - lower
    is_open = left_open > MOST_OPEN_BITS
    error = error_of_decoder if lower == of_decoder else standard_error
    return {
        "value": lower if is_open else (lower + upper) / 2,
        "standard_error": 0.0 if lower == 0.0 else error,
        "lower": lower,
        "upper": upper,
        "ceiling": ceiling,
        "saturated": ceiling - lower <= MOST_OPEN_BITS,
        "reason": f"a lower bound: {PATHS} paths leave {left_open:.2g} bits open" if is_open else None,
    }


QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def of_jacobians(singular_values: Mapping[str, np.ndarray]) -> tuple[MeasureRecord, ...]:
    """Of each layer's singular values, (images, rank): mean of s^2, mean of (s^2 - 1)^2, and quantiles of s.

    The second is 0 at dynamic isometry alone; the first is 1 wherever norms are kept in the mean.
    """
    found = []
    for layer, values in singular_values.items():
        for name, measure in OF_JACOBIANS.items():
            one = measure(values)
            found.append(
                MeasureRecord(
                    name, one.value, one.unit, layer=_layer(layer), standard_error=one.standard_error, reason=one.reason
                )
            )
        if np.isfinite(values).all():
            quantiles = np.quantile(values, QUANTILES)
            found += [
                MeasureRecord("singular_value", float(at), "1", layer=_layer(layer), scale=f"quantile {share:g}")
                for share, at in zip(QUANTILES, quantiles, strict=True)
            ]
    return tuple(found)


def of_gradients(moments: Mapping[str, geometry.GradientMoments]) -> tuple[MeasureRecord, ...]:
    """Of the gradients of each layer's kernel, over the batches of an epoch."""
    return tuple(
        MeasureRecord(name, found.value, found.unit, layer=_layer(layer), reason=found.reason)
        for layer, one in moments.items()
        for name, measure in OF_GRADIENTS.items()
        for found in (measure(one),)
    )


def _layer(name: str) -> str:
    """`3` for hidden_3; the name itself of any other output, such as `merged`."""
    return name.removeprefix("hidden_")

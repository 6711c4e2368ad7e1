"""Many pairs of the same layers at once: every layer's work is done once, whatever number of pairs it is in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from trainables.information.device import device_pair, on_device
from trainables.information.estimators.ksg import pair_estimates, require_scales
from trainables.information.estimators.settings import Settings
from trainables.information.host.layers import Layer, RowOrder
from trainables.information.host.pairs import HostPair
from trainables.information.results import PairEstimate
from trainables.information.samples import DegenerateInput, Floats, Noisy, as_floats, require_rows

Scales = tuple[str, ...]
# So many pairs' radii are held at a time.
MOST_PAIRS = 64


class Layers:
    """Named layers, each (N, d), ready to be measured in pairs.

    Each layer's tie-breaking noise is noise * U[0, 1) from a generator of its own, seeded with seeds[name].
    Work is done when first asked for and kept until `release`.
    """

    def __init__(self, samples: Mapping[str, npt.ArrayLike], seeds: Mapping[str, int], settings: Settings) -> None:
        self._settings, self._seeds = settings, seeds
        self._samples: dict[str, Floats] = {}
        self._refused: dict[str, DegenerateInput] = {}
        self._layers: dict[str, Layer] = {}
        for name, values in samples.items():
            try:
                self._samples[name] = as_floats(values, name)
            except DegenerateInput as degenerate:
                self._refused[name] = degenerate
        by_rows: dict[int, list[Floats]] = defaultdict(list)
        for matrix in self._samples.values():
            by_rows[len(matrix)].append(matrix)
        self._orders = {rows: RowOrder(tuple(matrices)) for rows, matrices in by_rows.items()}

    def layer(self, name: str) -> Layer:
        """The layer of that name. Raises DegenerateInput where it cannot be measured."""
        if name in self._refused:
            raise self._refused[name]
        if name not in self._layers:
            settings = self._settings
            samples = Noisy(self._samples[name], settings.noise, self._seeds[name])
            order = self._orders[len(samples)]
            self._layers[name] = Layer(name, samples, order, settings.k, settings.noise, settings.cpu_threads)
        return self._layers[name]

    def pair(self, x: str, y: str) -> HostPair:
        """The pair of two layers. Raises DegenerateInput where it has no MI, ValueError for one layer twice."""
        _require_two(x, y)
        x_layer, y_layer = self.layer(x), self.layer(y)
        require_rows({layer.name: layer.samples.plain for layer in (x_layer, y_layer)}, self._settings.k)
        return HostPair(x_layer, y_layer)

    def release(self, needed: set[str]) -> None:
        """Forget the work of all layers but those needed; it is done again where it is asked for again."""
        self._layers = {name: layer for name, layer in self._layers.items() if name in needed}


def measure_pairs(
    layers: Mapping[str, npt.ArrayLike],
    pairs: Sequence[tuple[str, str]],
    scales: Scales | Sequence[Scales],
    settings: Settings,
    seeds: Mapping[str, int] | int,
) -> list[PairEstimate]:
    """The estimates of each pair of layers, by name, sharing all work of the layers that they share."""
    of_pairs = _scales_of_pairs(scales, len(pairs))
    for name in (name for pair in pairs for name in pair if name not in layers):
        raise ValueError(f"pair of {name!r}: there is no such layer, only {', '.join(layers)}")
    seed_of = _seeds(layers, seeds)
    needed = {name for pair in pairs for name in pair}
    if settings.is_for_device(layers[name] for name in needed):
        arrays = {name: on_device(layers[name]) for name in needed}
        return [
            _measured_on_device(arrays, pair, scale, settings, seed_of)
            for pair, scale in zip(pairs, of_pairs, strict=True)
        ]
    prepared = Layers({name: values for name, values in layers.items() if name in needed}, seed_of, settings)
    measured: list[PairEstimate] = []
    for first in range(0, len(pairs), MOST_PAIRS):
        prepared.release({name for pair in pairs[first:] for name in pair})
        part = slice(first, first + MOST_PAIRS)
        measured += _measured(prepared, pairs[part], of_pairs[part], seed_of, settings)
    return measured


def _measured_on_device(
    layers: Mapping[str, npt.ArrayLike],
    names: tuple[str, str],
    scales: Scales,
    settings: Settings,
    seeds: Mapping[str, int],
) -> PairEstimate:
    x, y = names
    _require_two(x, y)
    try:
        pair = device_pair({x: layers[x], y: layers[y]}, settings.k, settings.noise, (seeds[x], seeds[y]))
    except DegenerateInput as degenerate:
        return PairEstimate(None, None, None, str(degenerate))
    (estimate,) = pair_estimates([(pair, scales, seeds[x])], settings)
    return estimate


def _measured(
    prepared: Layers,
    pairs: Sequence[tuple[str, str]],
    scales: Sequence[Scales],
    seeds: Mapping[str, int],
    settings: Settings,
) -> list[PairEstimate]:
    measured: dict[int, PairEstimate] = {}
    asked: dict[int, tuple[HostPair, Scales, int]] = {}
    for place, (x, y) in enumerate(pairs):
        try:
            asked[place] = prepared.pair(x, y), scales[place], seeds[x]
        except DegenerateInput as degenerate:
            measured[place] = PairEstimate(None, None, None, str(degenerate))
    measured |= zip(asked, pair_estimates(list(asked.values()), settings), strict=True)
    return [measured[place] for place in range(len(pairs))]


def _require_two(x: str, y: str) -> None:
    if x == y:
        raise ValueError(f"pair ({x!r}, {y!r}): two different layers are needed")


def _scales_of_pairs(scales: Scales | Sequence[Scales], pairs: int) -> list[Scales]:
    each = [tuple(scale) for scale in scales if not isinstance(scale, str)]
    if len(each) != len(scales):
        each = [tuple(str(scale) for scale in scales)] * pairs
    if len(each) != pairs:
        raise ValueError(f"scales of {len(each)} pairs for {pairs} pairs: one tuple for all, or one for each")
    require_scales(scale for of_pair in each for scale in of_pair)
    return each


def _seeds(layers: Mapping[str, npt.ArrayLike], seeds: Mapping[str, int] | int) -> dict[str, int]:
    if isinstance(seeds, Mapping):
        return {name: seeds[name] for name in layers}
    places = np.random.SeedSequence(seeds).generate_state(max(1, len(layers)))
    return {name: int(state) for name, state in zip(layers, places, strict=False)}

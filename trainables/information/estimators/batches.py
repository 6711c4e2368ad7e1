"""Many pairs of the same layers at once: every layer's work is done once, whatever number of pairs it is in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from trainables.information.device.ksg import device_pair, on_device
from trainables.information.estimators.formulas import (
    is_for_device,
    require_base,
    require_estimator,
    require_known,
    require_threads,
)
from trainables.information.estimators.ksg import measurements
from trainables.information.host.layers import Layer, RowOrder
from trainables.information.host.pairs import HostPair
from trainables.information.pair import SCALES
from trainables.information.results import Measurement
from trainables.information.samples import (
    NPEET_NOISE,
    DegenerateInput,
    Floats,
    Noisy,
    as_floats,
    require_neighbours,
    require_noise,
    require_rows,
)
from trainables.information.threads import available_threads

Scales = tuple[str, ...]
# So many pairs' radii are held at a time.
MOST_PAIRS = 64


class Layers:
    """Named layers, each (N, d), ready to be measured in pairs.

    Each layer's tie-breaking noise is noise * U[0, 1) from a generator of its own, seeded with seeds[name].
    Work is done when first asked for and kept until `release`. Raises ValueError for wrong arguments only.
    """

    def __init__(
        self,
        samples: Mapping[str, npt.ArrayLike],
        seeds: Mapping[str, int],
        *,
        k: int = 3,
        noise: float = NPEET_NOISE,
        threads: int | None = None,
    ) -> None:
        require_neighbours(k)
        require_noise(noise)
        require_threads(threads)
        self.k, self.noise, self.threads = k, noise, threads or available_threads()
        self._seeds = seeds
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
            samples = Noisy(self._samples[name], self.noise, self._seeds[name])
            order = self._orders[len(samples)]
            self._layers[name] = Layer(name, samples, order, self.k, self.noise, self.threads)
        return self._layers[name]

    def pair(self, x: str, y: str) -> HostPair:
        """The pair of two layers. Raises DegenerateInput where it has no MI, ValueError for one layer twice."""
        _require_two(x, y)
        x_layer, y_layer = self.layer(x), self.layer(y)
        require_rows({layer.name: layer.samples.plain for layer in (x_layer, y_layer)}, self.k)
        return HostPair(x_layer, y_layer)

    def release(self, needed: set[str]) -> None:
        """Forget the work of all layers but those needed; it is done again where it is asked for again."""
        self._layers = {name: layer for name, layer in self._layers.items() if name in needed}


def measure_pairs(
    layers: Mapping[str, npt.ArrayLike],
    pairs: Sequence[tuple[str, str]],
    *,
    k: int = 3,
    base: float = 2,
    scales: Scales | Sequence[Scales] = ("none", "balanced"),
    noise: float = NPEET_NOISE,
    seeds: Mapping[str, int] | int = 0,
    threads: int | None = None,
    estimator: str = "ksg",
    device: bool | None = None,
) -> list[Measurement]:
    """What `measure` gives for each pair of layers, by name, sharing all work of the layers that they share.

    scales: of all pairs, or one tuple per pair. seeds: of each layer's noise; a number stands for one seed for each
    layer, by its place. The noise of a layer is then the same in all its pairs, and the values are exactly those that
    `measure` gives for samples with that noise; `measure` itself draws both layers' from one generator, as NPEET does.
    estimator "npeet" draws its own noise besides, from the seed of x. Degenerate samples give None and a reason.

    If any layer lives on an accelerator, "ksg" does all work there, pair by pair, and gives the same values; device as
    in `mutual_information`.
    """
    require_estimator(estimator, noise)
    require_base(base)
    of_pairs = _scales_of_pairs(scales, len(pairs))
    for name in (name for pair in pairs for name in pair if name not in layers):
        raise ValueError(f"pair of {name!r}: there is no such layer, only {', '.join(layers)}")
    seed_of = _seeds(layers, seeds)
    named = {name for pair in pairs for name in pair}
    if is_for_device(device, estimator, (layers[name] for name in named)):
        require_threads(threads)
        arrays = {name: on_device(layers[name]) for name in named}
        return [
            _measured_on_device(arrays, pair, scale, k, base, noise, seed_of)
            for pair, scale in zip(pairs, of_pairs, strict=True)
        ]
    prepared = Layers(
        {name: values for name, values in layers.items() if name in named}, seed_of, k=k, noise=noise, threads=threads
    )
    found: list[Measurement] = []
    for first in range(0, len(pairs), MOST_PAIRS):
        prepared.release({name for pair in pairs[first:] for name in pair})
        part = slice(first, first + MOST_PAIRS)
        found += _measured(prepared, pairs[part], of_pairs[part], seed_of, base, estimator)
    return found


def _measured_on_device(
    layers: Mapping[str, npt.ArrayLike],
    names: tuple[str, str],
    scales: Scales,
    k: int,
    base: float,
    noise: float,
    seeds: Mapping[str, int],
) -> Measurement:
    x, y = names
    _require_two(x, y)
    try:
        pair = device_pair({x: layers[x], y: layers[y]}, k, noise, (seeds[x], seeds[y]))
    except DegenerateInput as degenerate:
        return Measurement(None, None, None, str(degenerate))
    (measurement,) = measurements([(pair, scales, seeds[x])], base, "ksg")
    return measurement


def _measured(
    prepared: Layers,
    pairs: Sequence[tuple[str, str]],
    scales: Sequence[Scales],
    seeds: Mapping[str, int],
    base: float,
    estimator: str,
) -> list[Measurement]:
    found: dict[int, Measurement] = {}
    wanted: dict[int, tuple[HostPair, Scales, int]] = {}
    for place, (x, y) in enumerate(pairs):
        try:
            wanted[place] = prepared.pair(x, y), scales[place], seeds[x]
        except DegenerateInput as degenerate:
            found[place] = Measurement(None, None, None, str(degenerate))
    found |= zip(wanted, measurements(list(wanted.values()), base, estimator), strict=True)
    return [found[place] for place in range(len(pairs))]


def _require_two(x: str, y: str) -> None:
    if x == y:
        raise ValueError(f"pair ({x!r}, {y!r}): two different layers are needed")


def _scales_of_pairs(scales: Scales | Sequence[Scales], pairs: int) -> list[Scales]:
    each = [tuple(scale) for scale in scales if not isinstance(scale, str)]
    if len(each) != len(scales):
        each = [tuple(str(scale) for scale in scales)] * pairs
    if len(each) != pairs:
        raise ValueError(f"scales of {len(each)} pairs for {pairs} pairs: one tuple for all, or one for each")
    for scale in (scale for of_pair in each for scale in of_pair):
        require_known("scale", scale, tuple(SCALES))
    return each


def _seeds(layers: Mapping[str, npt.ArrayLike], seeds: Mapping[str, int] | int) -> dict[str, int]:
    if isinstance(seeds, Mapping):
        return {name: seeds[name] for name in layers}
    places = np.random.SeedSequence(seeds).generate_state(max(1, len(layers)))
    return {name: int(state) for name, state in zip(layers, places, strict=False)}

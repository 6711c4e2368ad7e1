"""Sweeps that look like the paper's, with bits like those measured, made in milliseconds."""

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

MEASURE = {"measure_neighbors": 3, "measure_samples": "all"}

# bits at epoch 0, near the peak, at the end; the same on the balanced scale
CURVES = {
    "mlp": ((1.95, 4.3, 4.4), (4.39, 5.15, 5.08)),
    "shortcut": ((6.00, 5.7, 5.2), (6.64, 6.70, 6.71)),
    "resnet": ((3.70, 4.95, 4.75), (4.41, 5.15, 5.17)),
    "shortcut_resnet": ((4.63, 4.66, 4.59), (6.03, 6.40, 6.55)),
}
SPEED = {"mlp": 0.06, "shortcut": 0.18, "resnet": 0.09, "shortcut_resnet": 0.22}
FLOOR = {"mlp": 0.075, "shortcut": 0.045, "resnet": 0.06, "shortcut_resnet": 0.04}


def make_sweep(
    architectures: Sequence[str] = ("mlp", "shortcut"),
    widths: Sequence[int] = (10, 50),
    depths: Sequence[int] = (5,),
    seeds: Iterable[int] = range(3),
    epochs: int = 40,
    every: int = 1,
    **config: object,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(epochs, points) of a finished grid; further keywords are config columns."""
    rows, points = [], []
    for architecture in architectures:
        for width in widths:
            for depth in depths:
                for seed in seeds:
                    tail = "-".join(str(value) for value in config.values())
                    point_id = f"{architecture}-w{width}-d{depth}-s{seed}-{tail}"
                    identity = {
                        "point_id": point_id,
                        "dataset": "mnist",
                        "architecture": architecture,
                        "width": width,
                        "depth": depth,
                        "seed": seed,
                        "initializer": "glorot_normal",
                    } | config
                    fixed = {
                        "epochs": epochs,
                        "batch_norm_momentum": 0.9,
                        "measure_neighbors": 3,
                        "measure_samples": "all",
                    } | config
                    points.append(identity | fixed | {"state": "finished", "host": f"node-{seed}", "attempts": 1})
                    rows += _trace(identity, epochs, every)
    return pd.DataFrame(rows), pd.DataFrame(points)


def _trace(identity: dict[str, object], epochs: int, every: int) -> list[dict[str, object]]:
    architecture, width, depth = str(identity["architecture"]), int(identity["width"]), int(identity["depth"])  # type: ignore[call-overload]
    noise = np.random.default_rng([int(identity["seed"]), width, depth, len(architecture)])  # type: ignore[call-overload]
    epoch = np.arange(epochs + 1)
    rate = SPEED[architecture] * (0.5 + width / 100) * (5 / depth) ** 0.7 * noise.uniform(0.85, 1.15)
    floor = FLOOR[architecture] * (10 / min(width, 100)) ** 0.3 * (1 + 0.1 * max(0, depth - 5))
    error = floor + (0.9 - floor) * np.exp(-rate * epoch) + noise.normal(0, 0.0015, len(epoch))
    shift = 0.9 * np.log10(width / 50) - 0.08 * (depth - 5) + noise.normal(0, 0.08)
    columns = {}
    for name, (start, peak, end) in zip(
        ("mutual_information_bits", "mutual_information_balanced_bits"), CURVES[architecture], strict=True
    ):
        early, late = 1 - np.exp(-2 * rate * epoch), epoch / max(epochs, 1)
        bits = start + (peak - start) * early + (end - peak) * late**1.5 * early + shift
        bits = bits + noise.normal(0, 0.02, len(epoch))
        columns[name] = np.where(epoch % every == 0, bits, np.nan)
    return [
        identity
        | {"sweep": "synthetic", "epoch": int(e), "pair": "first-merged"}
        | {name: values[i] for name, values in columns.items()}
        | {"scale_ratio": 1.0, "test_error": error[i], "test_loss": error[i] * 2, "train_loss": error[i] * 2}
        | {"train_seconds": 0.1, "measure_seconds": 0.2, "timestamp": 0.0}
        for i, e in enumerate(epoch)
    ]


GAINS = (0.5, 1.0, 1.5, 3.0)


def make_isometry(
    initializers: Sequence[str] = ("gaussian", "orthogonal"),
    gains: Sequence[float] = GAINS,
    depths: Sequence[int] = (2, 4),
    seeds: Iterable[int] = range(2),
    epochs: int = 12,
    width: int = 20,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(epochs, points) of finished networks that differ in gain: isometries at gain 1, where they tell most.

    MI at the first and the last epoch, of KSG and of the channel, which a larger gain makes tell more; a network trains
    the faster the nearer its gain is to 1, that of gain 3 never.
    """
    rows, points = [], []
    for initializer, gain, depth, seed in itertools.product(initializers, gains, depths, seeds):
        point_id = f"mlp-w{width}-d{depth}-s{seed}-{initializer}-{gain:g}"
        identity = {"point_id": point_id, "dataset": "digits", "architecture": "mlp", "width": width, "depth": depth}
        identity |= {"seed": seed, "initializer": initializer}
        mean = float(gain) ** (2 * depth)
        jacobian = {"jacobian_mean_squared_singular_value": mean, "jacobian_spread_squared_singular_value": mean / 2}
        config = {"gain": gain, "epochs": epochs, "batch_norm": False, "channel_noise": 0.1, "measure_neighbors": 3}
        config |= {"measure_samples": 40, "measure_noise": 0.5, "measure_noise_at": "every_layer"}
        points.append(identity | config | {"state": "finished", "mi_ceiling_bits": 6.0} | jacobian)
        slowness = 1 + 2 * abs(np.log(gain))
        for epoch in range(epochs + 1):
            error = 0.9 if gain >= 3 else 0.1 + 0.8 * np.exp(-epoch / slowness)
            for layer in range(1, depth + 1):
                bits = 3.0 - abs(np.log(gain)) * layer / 2 + seed / 100 if epoch in (0, epochs) else np.nan
                pair = {"epoch": epoch, "pair": f"input-{layer}", "mutual_information_bits": np.nan}
                pair |= {"channel_bits": np.log2(40) * (1 - np.exp(-gain / layer)) if epoch in (0, epochs) else np.nan}
                rows.append(identity | pair | {"mutual_information_balanced_bits": bits, "test_error": error})
    return pd.DataFrame(rows), pd.DataFrame(points)


def make_plane(
    architectures: Sequence[str] = tuple(CURVES), seeds: Iterable[int] = range(8), depth: int = 4, epochs: int = 8
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(epochs, points) of finished networks with MI of every two layers, of input and of label at 0, 1, 2, 4, 8, ..."""
    names = [*(f"input-{layer}" for layer in range(1, depth + 1)), *(f"{n}-label" for n in range(1, depth + 1))]
    names += [f"{a}-{b}" for a, b in itertools.combinations(range(1, depth + 1), 2)]
    rows, points = [], []
    for architecture, seed in itertools.product(architectures, seeds):
        identity = {"point_id": f"{architecture}-s{seed}", "dataset": "digits", "architecture": architecture}
        identity |= {"width": 20, "depth": depth, "seed": seed, "initializer": "glorot_normal"}
        points.append(
            identity
            | {"epochs": epochs, "batch_norm_momentum": 0.9, "measure_neighbors": 3, "state": "finished"}
            | {"measure_noise": 0.3}
        )
        noise = np.random.default_rng([seed, len(architecture)])
        for epoch in [0, *(2**power for power in range(20) if 2**power <= epochs)]:
            for place, name in enumerate(names):
                bits = 2.0 + 0.1 * place + 0.05 * epoch + noise.normal(0, 0.02)
                own = np.nan if name.startswith("input") else bits
                balanced = np.nan if name.endswith("label") else bits + 1
                measured = {"mutual_information_bits": own, "mutual_information_balanced_bits": balanced}
                measured |= {"channel_bits": bits - 1 if "input" in name or "label" in name else np.nan}
                rows.append(identity | {"epoch": epoch, "pair": name, "test_error": 0.9 / (1 + epoch)} | measured)
    return pd.DataFrame(rows), pd.DataFrame(points)


def with_attempts(points: pd.DataFrame) -> pd.DataFrame:
    """The points with an attempt each, on two processes by turns, a minute long."""
    where = {"host": "node-0", "device": "cpu", "failure_kind": None}
    times = [
        [
            where
            | {"started": f"2026-01-02T{3 + place // 60:02}:{place % 60:02}:00+00:00", "process": 100 + place % 2}
            | {"ended": f"2026-01-02T{3 + place // 60:02}:{place % 60:02}:50+00:00"}
        ]
        for place in range(len(points))
    ]
    return points.assign(attempt_times=times)


def make_unfinished(
    epochs: pd.DataFrame, points: pd.DataFrame, states: dict[int, tuple[str, int]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sweep with some points unfinished. states: row of `points` -> (state, epochs kept; 0 keeps none)."""
    points = points.copy()
    for row, (state, kept) in states.items():
        points.loc[row, "state"] = state
        epochs = epochs[(epochs["point_id"] != points.loc[row, "point_id"]) | (epochs["epoch"] < kept)]
    return epochs.reset_index(drop=True), points


@pytest.fixture
def sweep() -> Callable:
    return make_sweep


@pytest.fixture
def cut_short() -> Callable:
    return make_unfinished


@pytest.fixture(scope="session")
def full() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four architectures, two widths, two depths, two seeds; every point finished."""
    return make_sweep(tuple(CURVES), widths=(10, 50), depths=(3, 5), seeds=range(2), epochs=12)


@pytest.fixture(scope="session")
def example(full: tuple[pd.DataFrame, pd.DataFrame]) -> Callable[[str], tuple[pd.DataFrame, pd.DataFrame]]:
    """The sweep that a figure of that name is about: 32 points, every one finished."""
    isometry, plane = make_isometry(), make_plane()
    timed = full[0], with_attempts(full[1])
    planes = dict.fromkeys(
        ("information_plane", "information_plane_channel", "successive_layers", "layer_matrix"), plane
    )
    return lambda name: isometry if name.startswith("isometry") else (planes | {"timeline": timed}).get(name, full)


@pytest.fixture
def words() -> Callable[[Canvas], str]:
    """The words of a figure outside its panels and legends."""
    return lambda canvas: " ".join(text.get_text() for text in canvas.texts).replace("\u00a0", " ")

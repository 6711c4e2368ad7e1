"""LEAF. What every column of the exported tables holds: its unit and its meaning, kept in the parquet files themselves.

Units: "1" is a plain number, "share" one from 0 to 1, "text" no number at all; losses are in nats.
"""

from collections.abc import Iterable

import pyarrow as pa

COLUMNS: dict[str, tuple[str, str]] = {
    "sweep": ("text", "name of the sweep"),
    "point_id": ("text", "identity of the point: architecture, width, depth, seed, and a hash of its whole config"),
    "config_id": ("text", "identity of the config without the seed: equal for points that differ in the seed alone"),
    "dataset": ("text", "training and validation images"),
    "architecture": ("text", "how the hidden layers are connected"),
    "width": ("units", "units of a hidden layer; the first and the last have twice as many"),
    "depth": ("layers", "hidden layers, the two wide ones included"),
    "seed": ("1", "seed of the initial weights and of the measurement's noise"),
    "initializer": ("text", "distribution of the initial hidden weights"),
    "epochs": ("epochs", "passes over the training set asked for; one gradient step each where batch_size is all"),
    "batch_size": ("text", "training images of a gradient step: all, or how many"),
    "residual_sums": (
        "text",
        "sums of residual architectures: of pairs of middle layers, or of every_layer with that two before it",
    ),
    "optimizer": ("text", "rule of the gradient step"),
    "learning_rate": ("1", "initial learning rate"),
    "batch_norm": ("true or false", "whether hidden layers are batch-normalized"),
    "batch_norm_momentum": ("1", "share of the old moving statistics of batch normalization kept at each step"),
    "gain": ("1", "factor on the initial hidden weights"),
    "bias": ("true or false", "whether hidden layers have a bias"),
    "bias_std": ("1", "standard deviation of the initial biases of hidden layers, which are Gaussian"),
    "activation": ("text", "function of the hidden units"),
    "frozen": ("true or false", "a control: nothing trainable ever changed, all else of an epoch happened"),
    "batch_norm_statistics": (
        "text",
        "statistics used for evaluation and measurement: moving averages, or recalibrated on the whole training set",
    ),
    "channel_noise": ("1", "standard deviation of Gaussian noise on the later signal of each measured pair"),
    "measure_pairs": ("text", "pairs of layers asked for, separated by spaces"),
    "measure_scales": ("text", "scales of the mutual information asked for, separated by spaces"),
    "measure_neighbors": ("1", "k of the nearest-neighbour estimator"),
    "measure_every": ("text", "at which epochs mutual information is measured: every n-th, or log"),
    "measure_samples": ("text", "validation images measured: all, or how many"),
    "measure_estimator": ("text", "estimator of the mutual information"),
    "measure_measures": ("text", "what is measured beside KSG, separated by spaces"),
    "measure_noise": ("1", "standard deviation of the noise on a layer, for the measure channel"),
    "measure_noise_at": ("text", "where the noise of the measure channel is: on the measured layer, or at every layer"),
    "epoch": ("epochs", "passes over the training set; 0 is the untrained network"),
    "pair": ("text", "the two layer outputs whose mutual information this is"),
    "mutual_information_bits": ("bits", "mutual information of the pair as NPEET estimates it"),
    "mutual_information_balanced_bits": ("bits", "the same with each side in units of its own neighbour distances"),
    "scale_ratio": ("1", "neighbour distances of the pair's second side over those of its first"),
    "test_error": ("share", "validation images labelled wrongly, in inference mode"),
    "test_loss": ("nats", "softmax cross-entropy on the validation images, in inference mode"),
    "train_loss": ("nats", "softmax cross-entropy on the training images, of the steps that led to this epoch"),
    "train_seconds": ("seconds", "time of these steps"),
    "measure_seconds": ("seconds", "time of the evaluation and of the mutual information at this epoch"),
    "timestamp": ("UTC", "when the epoch was recorded"),
    "state": ("text", "what became of the point: finished, diverged, failed, running, interrupted or missing"),
    "attempts": ("1", "how often it was started"),
    "epochs_done": ("epochs", "last committed epoch"),
    "final_test_error": ("share", "test error at the last committed epoch"),
    "final_mutual_information_bits": ("bits", "mutual information of the default pair at the last committed epoch"),
    "mi_ceiling_bits": ("bits", "the most that so many samples can show, whatever the truth"),
    "mi_null_bits": ("bits", "the same estimate after shuffling one side: what no information reads as"),
    "mi_standard_error_bits": ("bits", "standard error of the estimate by sub-sampling; blind to bias"),
    "jacobian_mean_squared_singular_value": (
        "1",
        "mean of the squared singular values of the last hidden layer's Jacobian, untrained; 1 at dynamic isometry",
    ),
    "jacobian_spread_squared_singular_value": ("1", "their standard deviation; 0 at dynamic isometry"),
    "layer": ("text", "the layer that is measured: its number, or merged, what enters the softmax"),
    "measure": ("text", "what was measured, and how it was estimated"),
    "scale": ("text", "what a measure of a pair is in units of, which decides what moves it"),
    "noise": ("1", "standard deviation of Gaussian noise on every unit of the layer, where there is some"),
    "value": ("as the column unit says", "the value of the measure"),
    "unit": ("text", "unit of value, standard_error, lower, upper and ceiling"),
    "standard_error": ("as the column unit says", "standard error of the value; blind to bias"),
    "lower": ("as the column unit says", "lower bound of the quantity that is estimated"),
    "upper": ("as the column unit says", "upper bound of the quantity that is estimated"),
    "ceiling": ("as the column unit says", "the most that so many samples can show, whatever the truth"),
    "saturated": ("true or false", "whether the value is so near the ceiling that the truth may be far larger"),
    "seconds": ("seconds", "time that the value took"),
    "reason": ("text", "why there is no value, or what is to be known of it"),
    "wall_seconds": ("seconds", "time of the attempt that finished the point"),
    "device": ("text", "kind of device it ran on"),
    "host": ("text", "machine it ran on"),
    "backend": ("text", "numeric framework under Keras"),
    "git_commit": ("text", "commit of the code that computed it"),
    "attempt_times": ("UTC", "each attempt at the point: start, end, host, device, process, kind of failure"),
    "failure_kind": ("text", "kind of failure of a failed point"),
    "failure_message": ("text", "what the failure said"),
}
"""By name: unit and description."""


def described(fields: Iterable[pa.Field | tuple[str, pa.DataType]]) -> pa.Schema:
    """The schema of these fields, with the unit and the description of each in its metadata.

    Raises:
        KeyError: for a column that is not described here.
    """
    return pa.schema([field.with_metadata(_metadata(field.name)) for field in pa.schema(fields)])


def _metadata(name: str) -> dict[str, str]:
    unit, description = COLUMNS[name]
    return {"unit": unit, "description": description}

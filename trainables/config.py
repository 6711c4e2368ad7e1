"""LEAF. What one trial is: a frozen config, its canonical form, and the ids that follow from it."""

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

CONFIG_VERSION = 1
"""Hashed into every id; raised when equal configs would give other numbers."""

Architecture = Literal["mlp", "shortcut", "resnet", "shortcut_resnet"]
DatasetName = Literal["mnist", "digits"]
Initializer = Literal["glorot_normal", "he_normal", "gaussian", "orthogonal"]
Activation = Literal["tanh", "erf", "relu", "linear", "gelu"]
Optimizer = Literal["rmsprop", "sgd", "adam"]
Scale = Literal["none", "balanced"]
PairRequest = Literal["first-merged", "first-last", "successive", "input-each", "each-label", "all"]
Estimator = Literal["ksg", "ksg2", "npeet"]
Statistics = Literal["moving", "recalibrated"]
ResidualSums = Literal["pairs", "every_layer"]
NoiseAt = Literal["probe", "every_layer"]
MeasureName = Literal["rank", "gaussian", "sliced", "binned", "channel", "geometry", "gradient"]

FIELDS_OF_VERSION_1 = (
    *("dataset", "architecture", "width", "depth", "seed", "epochs", "optimizer", "learning_rate", "batch_norm"),
    *("batch_norm_momentum", "initializer", "gain", "bias", "channel_noise", "measure"),
)
MEASURE_FIELDS_OF_VERSION_1 = ("pairs", "scales", "neighbors", "every", "samples", "estimator")
"""Fields that ids always hold. Those added later are part of an id only with another value than their default."""

NOT_OF_THE_TRAINING = frozenset({"epochs", "channel_noise", "measure"})
"""Fields that decide how long a training is followed and what is measured of it, and none of its states."""

WITH_SHORTCUT: frozenset[Architecture] = frozenset({"shortcut", "shortcut_resnet"})
"""Architectures in which what enters the softmax is not the last hidden layer itself."""

WITH_RESIDUALS: frozenset[Architecture] = frozenset({"resnet", "shortcut_resnet"})
"""Architectures with sums of middle layers, which `residual_sums` is about."""

VALIDATION_IMAGES: dict[DatasetName, int] = {"mnist": 10_000, "digits": 364}
TRAIN_IMAGES: dict[DatasetName, int] = {"mnist": 60_000, "digits": 1_433}

Seed = Annotated[int, Field(ge=0, lt=2**31)]
UnitCount = Annotated[int, Field(ge=1, le=100_000)]


class Measurement(BaseModel):
    """What is measured at the probed layers, and at which epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pairs: tuple[PairRequest, ...] = Field(
        ("first-merged", "first-last"), min_length=1, description="which pairs of layer outputs"
    )
    scales: tuple[Scale, ...] = Field(
        ("none", "balanced"), min_length=1, description="none: NPEET's number; balanced: invariant to the layers' scale"
    )
    neighbors: int = Field(3, ge=1, le=1000, description="k of the KSG estimator")
    every: int | Literal["log"] = Field(
        1, description="measure at every n-th epoch, or `log`: at 0, 1, 2, 4, 8, ...; first and last always"
    )
    samples: int | Literal["all"] = Field(
        "all", description="validation images used, `all` or a fixed random subset of that size"
    )
    estimator: Estimator = Field(
        "ksg", description="ksg: exact and fast; ksg2: Kraskov's second; npeet: the reference implementation"
    )

    measures: tuple[MeasureName, ...] = Field(
        (), description="what is measured beside KSG: of each pair, or of each layer in them"
    )
    noise: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        1.0, description="standard deviation of the Gaussian noise on every unit of a layer, for the measure `channel`"
    )
    noise_at: NoiseAt = Field(
        "probe", description="where the channel's noise is: on the measured layer alone, or at every hidden layer"
    )

    @field_validator("pairs", "measures")
    @classmethod
    def _without_repeats(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(values))

    @field_validator("scales")
    @classmethod
    def _in_fixed_order(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(scale for scale in get_args(Scale) if scale in values)

    @field_validator("every", "samples", mode="before")
    @classmethod
    def _number_or_word(cls, value: object, info: ValidationInfo) -> object:
        least, word = {"every": (1, "log"), "samples": (2, "all")}[str(info.field_name)]
        if value != word and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            raise ValueError(f"must be '{word}' or a whole number, at least {least}")
        return value

    def is_due(self, epoch: int, last_epoch: int) -> bool:
        """Whether MI is measured at this epoch."""
        if epoch in (0, last_epoch):
            return True
        if self.every == "log":
            return epoch & (epoch - 1) == 0
        return epoch % self.every == 0


class TrialConfig(BaseModel):
    """One point of a sweep: everything that decides its numbers, nothing else (Hodas & Stinis 2018, section 2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: DatasetName = Field("digits", description="training and validation images")
    architecture: Architecture = Field("mlp", description="how the hidden layers are connected")
    width: UnitCount = Field(50, description="units W of a hidden layer; the first and the last have 2W")
    depth: Annotated[int, Field(ge=2, le=1000)] = Field(5, description="hidden layers, the two wide ones included")
    seed: Seed = Field(0, description="of the initial weights, the order of batches and the measurement noise")

    epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(200, description="passes over the training set")
    batch_size: int | Literal["all"] = Field(
        "all", description="training images of a gradient step: `all`, so that an epoch is one step, or a number"
    )
    optimizer: Optimizer = "rmsprop"
    learning_rate: Annotated[float, Field(gt=0, le=1e38)] = 1e-3
    batch_norm: bool = True
    batch_norm_momentum: Annotated[float, Field(ge=0, lt=1)] = 0.99
    initializer: Initializer = "glorot_normal"
    gain: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        1.0, description="factor on the initial hidden weights"
    )
    bias: bool = Field(True, description="hidden layers have a bias; at the start zero, or as bias_std says")
    bias_std: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0.0, description="standard deviation of the initial biases of the hidden layers, which are Gaussian"
    )
    activation: Activation = Field("tanh", description="function of the hidden units; gelu is the exact one")

    residual_sums: ResidualSums = Field(
        "pairs",
        description="what residual architectures sum: the outputs of `pairs` of middle layers, or of `every_layer` "
        "with the sum two layers before it",
    )

    frozen: bool = Field(False, description="control: nothing trainable ever changes, all else of an epoch happens")
    batch_norm_statistics: Statistics = Field(
        "moving",
        description="for evaluation and measurement: `moving` averages, or `recalibrated`: those of the whole "
        "training set under the present weights",
    )

    channel_noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0.0, description="standard deviation of Gaussian noise on the later signal of each probed pair"
    )
    measure: Measurement = Measurement()

    @field_validator("batch_norm_momentum", "channel_noise", "bias_std")
    @classmethod
    def _without_negative_zero(cls, value: float) -> float:
        return abs(value)

    @field_validator("batch_size", mode="before")
    @classmethod
    def _number_of_images_or_all(cls, value: object) -> object:
        if value != "all" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError("must be 'all' or a whole number, at least 1")
        return value

    @model_validator(mode="after")
    def _batches_of_training_images(self) -> Self:
        available = TRAIN_IMAGES[self.dataset]
        if self.batch_size != "all" and self.batch_size > available:
            raise ValueError(f"batch_size is {self.batch_size}, but {self.dataset} has {available} training images")
        return self

    @model_validator(mode="after")
    def _sums_of_a_residual_architecture(self) -> Self:
        if self.residual_sums != "pairs" and self.architecture not in WITH_RESIDUALS:
            allowed = ", ".join(sorted(WITH_RESIDUALS))
            raise ValueError(
                f"residual_sums is {self.residual_sums}, but architecture is {self.architecture}: allowed are {allowed}"
            )
        return self

    @model_validator(mode="after")
    def _enough_images(self) -> Self:
        available = self.validation_images
        used = available if self.measure.samples == "all" else self.measure.samples
        if used > available:
            raise ValueError(f"measure.samples is {used}, but {self.dataset} has {available} validation images")
        if self.measure.neighbors >= used:
            raise ValueError(f"measure.neighbors is {self.measure.neighbors}, but must be below the {used} samples")
        return self

    @model_validator(mode="after")
    def _biases_where_there_are_any(self) -> Self:
        if self.bias_std and not self.bias:
            raise ValueError(f"bias_std is {self.bias_std:g}, but bias is false: allowed is 0, or bias: true")
        return self

    @model_validator(mode="after")
    def _statistics_of_a_batch_norm(self) -> Self:
        if self.batch_norm_statistics != "moving" and not self.batch_norm:
            raise ValueError(f"batch_norm_statistics is {self.batch_norm_statistics}, but batch_norm is false")
        return self

    @property
    def validation_images(self) -> int:
        """Number of images in the validation set of the data set."""
        return VALIDATION_IMAGES[self.dataset]

    def canonical(self, *, without: frozenset[str] = frozenset()) -> str:
        """JSON with sorted keys; equal configs, equal text.

        Defaults are written out, but for those of fields added since version 1: so added fields leave old ids alone.
        """
        body = _without_later_defaults(self, FIELDS_OF_VERSION_1)
        body["measure"] = _without_later_defaults(self.measure, MEASURE_FIELDS_OF_VERSION_1)
        kept = {name: value for name, value in body.items() if name not in without}
        return json.dumps({"config_version": CONFIG_VERSION, **kept}, sort_keys=True, separators=(",", ":"))

    @property
    def name(self) -> str:
        """The id without its hash, for people: mlp-w50-d5-s0, or mlp-w50-d5-s0-frozen."""
        return f"{self.architecture}-w{self.width}-d{self.depth}-s{self.seed}{'-frozen' if self.frozen else ''}"

    @functools.cached_property
    def point_id(self) -> str:
        """The identity of the point: its name and 8 hex digits of the hash of its canonical form.

        Kept, as a run asks for it some twenty times for each of thousands of points.
        """
        return f"{self.name}-{_hash8(self.canonical())}"

    @functools.cached_property
    def training_id(self) -> str:
        """The identity of the training: equal for points that differ only in what is measured of it, and how long."""
        return f"{self.name}-{_hash8(self.training)}"

    @property
    def training(self) -> str:
        """The canonical form of the training alone."""
        return self.canonical(without=NOT_OF_THE_TRAINING)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, with other values in place of some; its identity is its own."""
        copy = super().model_copy(update=update, deep=deep)
        for name in ("point_id", "training_id"):
            copy.__dict__.pop(name, None)
        return copy

    @property
    def config_id(self) -> str:
        """8 hex digits shared by the points that differ in the seed alone."""
        return _hash8(self.canonical(without=frozenset({"seed"})))

    def flat(self) -> dict[str, Any]:
        """Every field by a flat name (`measure_neighbors`, ...), lists as text: for tables and trackers."""
        fields = self.model_dump(mode="json", exclude={"measure"})
        measure = self.measure.model_dump(mode="json")
        joined = {key: " ".join(value) if isinstance(value, list) else str(value) for key, value in measure.items()}
        return (
            fields
            | {"batch_size": str(self.batch_size)}
            | {f"measure_{key}": value for key, value in joined.items()}
            | {"measure_neighbors": self.measure.neighbors, "measure_noise": self.measure.noise}
        )


def _without_later_defaults(model: BaseModel, first: tuple[str, ...]) -> dict[str, Any]:
    """The fields as JSON values, without those that are not of the first ones and have their default."""
    later = {name for name, value in _defaults(type(model), first) if getattr(model, name) == value}
    return model.model_dump(mode="json", exclude=later)


@functools.cache
def _defaults(model: type[BaseModel], first: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The later fields of a model with their defaults."""
    fields = model.model_fields.items()
    return [(name, field.get_default(call_default_factory=True)) for name, field in fields if name not in first]


def _hash8(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]

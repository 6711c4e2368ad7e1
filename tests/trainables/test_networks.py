"""A network begun anew is one newly built, in every variable, for every architecture, initializer and optimizer."""

import itertools

import numpy as np
import pytest

from trainables.architectures import ARCHITECTURES
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.initializers import INITIALIZERS
from trainables.networks import OPTIMIZERS, Network, network

IMAGES, LABELS = np.zeros((4, 7), np.float32), np.zeros(4, np.int32)
DATA = Dataset("digits", IMAGES, LABELS, IMAGES, LABELS)
ANY = TrialConfig(width=3, depth=4)


def config(**fields: object) -> TrialConfig:
    return TrialConfig.model_validate(ANY.model_dump() | fields)


@pytest.mark.parametrize(
    ("architecture", "initializer"),
    [
        pytest.param(*both, marks=[] if "mlp" in both or "orthogonal" in both else pytest.mark.slow)
        for both in itertools.product(ARCHITECTURES, INITIALIZERS)
    ],
)
def test_begun_anew_every_variable_is_as_in_a_new_one(architecture: str, initializer: str) -> None:
    point = config(architecture=architecture, initializer=initializer, seed=5, gain=1.5)
    used = Network(config(architecture=architecture), DATA, ["hidden_1"])
    used.assign([np.full_like(value, 3) for value in used.values()])
    assert network(point, DATA, ["hidden_1"], earlier=used) is used
    new = Network(point, DATA, ["hidden_1"])
    assert [value.tobytes() for value in used.values()] == [value.tobytes() for value in new.values()]


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.4), (0.4, 0.0), (0.4, 1.1)])
def test_begun_anew_its_biases_are_those_of_a_new_one(before: float, after: float) -> None:
    used, point = Network(config(bias_std=before), DATA, []), config(bias_std=after, seed=5)
    assert network(point, DATA, [], earlier=used) is used
    new = Network(point, DATA, [])
    assert [value.tobytes() for value in used.values()] == [value.tobytes() for value in new.values()]


@pytest.mark.parametrize(
    "optimizer", [pytest.param(one, marks=[] if one == "adam" else pytest.mark.slow) for one in OPTIMIZERS]
)
def test_the_state_of_the_optimizer_is_among_what_begins_anew(optimizer: str) -> None:
    used = Network(config(optimizer=optimizer), DATA, [])
    fresh = used.values()
    used.trained.train_on_batch(used.train_images, used.train_labels)
    assert any((value != old).any() for value, old in zip(used.values()[-3:], fresh[-3:], strict=True))
    used.begin(config(optimizer=optimizer))
    assert [value.tobytes() for value in used.values()] == [value.tobytes() for value in fresh]


@pytest.mark.parametrize(
    "changed",
    [
        *({"width": 4}, {"depth": 3}, {"architecture": "resnet"}, {"bias": False}, {"batch_norm": False}),
        *({"optimizer": "sgd"}, {"learning_rate": 0.5}, {"batch_norm_momentum": 0.5}, {"dataset": "mnist"}),
        {"activation": "erf"},
        {"measure": {"pairs": ["successive"]}},
    ],
    ids=str,
)
def test_whatever_is_compiled_in_needs_a_network_of_its_own(changed: dict[str, object]) -> None:
    kept = Network(ANY, DATA, [])
    assert kept.serves(
        config(seed=1, epochs=3, gain=0.5, initializer="orthogonal", bias_std=0.1, channel_noise=0.1), DATA
    )
    assert not kept.serves(config(**changed), DATA)
    assert not kept.serves(ANY, Dataset("digits", IMAGES, LABELS, IMAGES, LABELS))

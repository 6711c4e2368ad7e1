"""With a batch size an epoch is one pass over the training set, in steps whose order seed and epoch decide."""

import numpy as np
import pytest
from scipy.special import log_softmax

from tests.trained import begin, bits, few_digits, run, timeless
from trainables.architectures import build
from trainables.batches import batches
from trainables.config import TrialConfig
from trainables.snapshots import Snapshot

CONFIG = TrialConfig(width=2, depth=2, epochs=3, batch_size=30, seed=4, batch_norm=False, bias=False, optimizer="sgd")
SIZES = [30, 30, 30, 10]


@pytest.mark.parametrize(
    ("images", "size", "sizes"), [(100, 30, SIZES), (9, 3, [3, 3, 3]), (5, 5, [5]), (3, 1, [1] * 3)]
)
def test_every_image_is_in_one_batch_of_an_epoch(images: int, size: int, sizes: list[int]) -> None:
    found = batches(images, size, seed=0, epoch=1)
    assert [len(rows) for rows in found] == sizes
    assert sorted(np.concatenate(found)) == list(range(images))


def test_the_order_is_another_one_at_every_epoch_and_with_every_seed_and_else_the_same() -> None:
    orders = {
        (seed, epoch): tuple(np.concatenate(batches(100, 30, seed, epoch))) for seed in (0, 1) for epoch in (1, 2)
    }
    assert len(set(orders.values())) == 4
    assert all(tuple(np.concatenate(batches(100, 30, *key))) == order for key, order in orders.items())


def test_an_epoch_is_a_step_of_gradient_descent_on_each_batch_in_turn() -> None:
    """Three epochs of a network of two hidden layers, by hand; the loss is that of each image at its step."""
    data = few_digits()
    config = CONFIG.model_copy(update={"learning_rate": 0.1})
    result = run(config, data)
    parameters = [weight.astype(float) for weight in build(config, 64, 10).get_weights()]
    for epoch, (record, snapshot) in enumerate(zip(result.history[1:], result.snapshots[1:], strict=True), start=1):
        losses = []
        for rows in batches(100, 30, config.seed, epoch):
            a, b, c, bias = parameters
            x, labels, n = data.train_images[rows].astype(float), data.train_labels[rows], len(rows)
            h = np.tanh(x @ a)
            g = np.tanh(h @ b)
            log_odds = log_softmax(g @ c + bias, axis=1)
            losses += list(-log_odds[range(n), labels])
            at_logits = (np.exp(log_odds) - np.eye(10)[labels]) / n
            at_g = (at_logits @ c.T) * (1 - g**2)
            at_h = (at_g @ b.T) * (1 - h**2)
            gradients = [x.T @ at_h, h.T @ at_g, g.T @ at_logits, at_logits.sum(axis=0)]
            parameters = [p - 0.1 * gradient for p, gradient in zip(parameters, gradients, strict=True)]
        assert record.train_loss == pytest.approx(np.mean(losses), rel=1e-5)
        for value, expected in zip(snapshot.variables, parameters, strict=False):
            np.testing.assert_allclose(value, expected, atol=2e-5)


@pytest.mark.every_backend
def test_interrupted_between_epochs_and_continued_it_is_the_same() -> None:
    data, config = few_digits(), CONFIG.model_copy(update={"batch_norm": True})
    whole = run(config, data)
    continued = begin(config, data, Snapshot.from_bytes(whole.snapshots[1].to_bytes(), config))
    list(continued)
    assert timeless(continued.history) == timeless(whole.history)
    assert bits(continued.snapshot()) == bits(whole.snapshots[-1])


def test_a_frozen_network_takes_the_batches_and_learns_nothing() -> None:
    data, config = few_digits(), CONFIG.model_copy(update={"batch_norm": True, "frozen": True, "epochs": 1})
    result = run(config, data)
    kernel, *_ = build(config, 64, 10).get_weights()
    assert np.array_equal(result.snapshots[1].variables[0], kernel)
    mean = np.zeros(4)
    for rows in batches(100, 30, config.seed, 1):
        mean = 0.99 * mean + 0.01 * (data.train_images[rows] @ kernel).mean(axis=0)
    averages = [one for one in result.snapshots[1].variables if one.shape == mean.shape]
    assert any(np.allclose(one, mean, atol=1e-6) for one in averages), "its averages move once for each batch"

"""The Gram matrix of N images, layer by layer, in a wide network of the sweep, with noise at every layer or without.

Of a layer with W units, signals s_i: K_ij = E s_i s_j / W over networks, which single networks approach as 1 / sqrt(W).
With noise at every layer (Goldfeld et al. 2019), N(0, noise^2) on each unit's output, two passes of the same image
differ, and K_ii of a pass with itself is larger than that of two passes.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from math import prod

import numpy as np

from analysis.mean_field.activations import ACTIVATIONS
from analysis.mean_field.expectations import Floats
from trainables.config import TrialConfig
from trainables.sizes import PIXELS, hidden_widths

PLAIN_STACKS = ("mlp", "shortcut")
"""The architectures whose hidden layers are a plain stack; the shortcut joins behind the last of them."""


@dataclass(frozen=True)
class Kernel:
    """Of one hidden layer, before its own noise: second moments of a unit.

    width: units of the layer. between: (N, N), of two passes, that of an image with itself among them; own: (N,), of
    one pass. Without noise at the layers before, own is the diagonal of between. narrowest: units of the narrowest
    layer from the first with noise on; what that noise has become lies in so many directions.
    """

    width: int
    between: Floats
    own: Floats
    narrowest: int

    @property
    def spread(self) -> float:
        """The variance that noise at the layers before has left in a unit, mean over the images."""
        return float(np.mean(self.own - np.diag(self.between)))


def kernels(images: Floats, config: TrialConfig, noise: float = 0.0) -> Iterator[Kernel]:
    """The kernels of the hidden layers of the config's network, first to last. images: (N, pixels).

    noise: standard deviation of the noise on every hidden unit, 0 for none.

    Raises:
        ValueError: for batch normalization, and for residual sums.
    """
    if not is_plain_stack(config):
        raise ValueError(
            f"no theory of {config.architecture} with batch_norm {str(config.batch_norm).lower()}: allowed are mlp and "
            "shortcut, whose hidden layers are a plain stack, with batch_norm: false"
        )
    kernel, added = of_images(images), 0.0
    for width in hidden_widths(config):
        kernel, added = following(kernel, width, config, added), noise
        yield kernel


def is_plain_stack(config: TrialConfig) -> bool:
    """Whether the theory is of this network: hidden layers without residual sums and batch normalization."""
    return not config.batch_norm and config.architecture in PLAIN_STACKS


def last_kernels(images: Floats, config: TrialConfig, depths: Collection[int], noise: float = 0.0) -> dict[int, Kernel]:
    """The kernel of the last hidden layer by depth, of networks like that of the config of these depths.

    images, noise: as `kernels`, and it raises what that raises. The layers before the last, which are those of the
    deepest network, are gone through once.
    """
    deepest = config.model_copy(update={"depth": max(depths)})
    through = chain([of_images(images)], kernels(images, deepest, noise))
    return {
        depth: following(before, hidden_widths(deepest)[-1], deepest, noise if depth > 1 else 0.0)
        for depth, before in enumerate(through, 1)
        if depth in depths
    }


def of_images(images: Floats) -> Kernel:
    """That of the pixels, which have no noise. images: (N, pixels)."""
    images = np.asarray(images, np.float64)
    between = images @ images.T / images.shape[1]
    return Kernel(images.shape[1], between, np.diag(between), images.shape[1])


def following(before: Kernel, width: int, config: TrialConfig, noise: float) -> Kernel:
    """The kernel of a hidden layer of `width` units after that of the layer before, whose units have that noise."""
    activation = ACTIVATIONS[config.activation]
    scale = weight_variance(config, before.width, width) * before.width
    inputs = scale * before.between + config.bias_std**2
    lengths = scale * (before.own + noise**2) + config.bias_std**2
    between = activation.product(lengths, lengths, inputs)
    between = (between + between.T) / 2
    is_one_pass = np.array_equal(lengths, np.diag(inputs))
    own = np.diag(between) if is_one_pass else np.array([activation.mean_square(one) for one in lengths])
    return Kernel(width, between, own, width if is_one_pass else min(before.narrowest, width))


def linear_power(config: TrialConfig) -> float:
    """The mean squared singular value of the last hidden layer's Jacobian if units were linear, of those not zero.

    Of a wide network of other units it is this times E phi'^2 of each layer; see `trainables.networks.jacobian`.
    """
    widths = [PIXELS[config.dataset], *hidden_widths(config)]
    scales = [weight_variance(config, fan_in, width) * fan_in for fan_in, width in pairwise(widths)]
    return prod(scales) * widths[-1] / min(widths)


def weight_variance(config: TrialConfig, fan_in: int, fan_out: int) -> float:
    """The variance of a weight of a hidden layer; of an orthogonal kernel the mean of the squared weights."""
    of_gain_1 = {
        "gaussian": 1 / fan_in,
        "he_normal": 2 / fan_in,
        "glorot_normal": 2 / (fan_in + fan_out),
        "orthogonal": 1 / max(fan_in, fan_out),
    }
    return config.gain**2 * of_gain_1[config.initializer]

"""Residual perceptron with a first-to-last shortcut (Hodas & Stinis 2018, figure 5B, "S Res")."""

from collections.abc import Sequence

from keras import KerasTensor

from trainables.architectures import resnet
from trainables.architectures.shortcut import with_shortcut
from trainables.architectures.wiring import HiddenLayer, Wiring
from trainables.config import TrialConfig


def connect(image: KerasTensor, layers: Sequence[HiddenLayer], config: TrialConfig) -> Wiring:
    """The residual stack; first + last enters the softmax."""
    return with_shortcut(resnet.connect(image, layers, config))

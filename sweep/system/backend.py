"""The libraries that trials need: the backend of Keras that this environment names, NPEET where points ask for it."""

from collections.abc import Iterable
from importlib.util import find_spec

from sweep.errors import UsageError
from sweep.system.provenance import BACKENDS, NPEET
from trainables import device
from trainables.config import TrialConfig

INSTALL = {"tensorflow": "pip install -c constraints.txt .", "jax": "pip install -c constraints.txt '.[jax]'"}


def check_backend(*, is_here: bool) -> None:
    """Check that trials can use the backend that Keras will choose; whether it is installed only where they run here.

    Raises:
        UsageError: when it is none of those that are supported, or is not installed.
    """
    name = device.backend()
    if name not in BACKENDS:
        raise UsageError(
            f"KERAS_BACKEND {name}: not supported; allowed are {', '.join(BACKENDS)}",
            next="the same with KERAS_BACKEND=tensorflow",
        )
    if is_here and not all(map(find_spec, BACKENDS[name])):
        raise UsageError(f"KERAS_BACKEND {name}: it is not installed", next=INSTALL[name])


def check_estimators(points: Iterable[TrialConfig]) -> None:
    """Check that the estimators of these points, which are trained on this machine, are installed.

    Raises:
        UsageError: when one is not.
    """
    if any(point.measure.estimator == "npeet" for point in points) and not find_spec(NPEET):
        raise UsageError(
            "measure.estimator npeet: it is not installed", next="pip install -c constraints.txt '.[npeet]'"
        )

"""What points need of a GPU's memory, estimated before anything runs, and whether their share of it will do. Pure.

The peak is what stays (the data set, the weights, their gradients and the optimizer's variables) and the larger of
what a step and a measurement take for a while. The estimate of a step is within ESTIMATE_FACTOR of XLA's own analysis
of the step compiled for a CPU, over the architectures and the papers' widths and depths; on a GPU it was not compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sweep.machine import Gpu
from sweep.sizes import CLASSES, PIXELS, SLOTS, TRAIN_IMAGES, hidden_widths, weights, widths
from sweep.spec import Resources
from trainables import probes
from trainables.config import TrialConfig
from trainables.gpu_share import CONTEXT_MIB, limit_mib

ESTIMATE_FACTOR = 1.5
NUMBER, DOUBLE = 4, 8
LIVE_PER_UNIT = {True: 3.5, False: 1.4}
"""Numbers that a step keeps for each unit and image, with and without BatchNormalization: forward and backward."""
DISTANCE_BYTES = 12 * 2**25
"""The estimator works on blocks of distances, at most a dozen at a time of 32 MiB each."""
MOST_SHARERS = 64
MIB = 2**20


def step_bytes(point: TrialConfig) -> int:
    """What a training step takes for a while: the signals of the whole training set, and what leads back from them."""
    units = LIVE_PER_UNIT[point.batch_norm] * sum(hidden_widths(point)) + CLASSES
    return int(NUMBER * TRAIN_IMAGES[point.dataset] * units)


def measuring_bytes(point: TrialConfig) -> int:
    """What an evaluation and the MI of one pair after the other take for a while."""
    images = point.validation_images
    activations = NUMBER * images * sum(widths(point))
    pairs = [pair for pair in probes.pairs(point, "shortcut" in point.architecture) if not pair.is_with_label]
    columns = (PIXELS[point.dataset] if any(pair.is_with_input for pair in pairs) else 0) + 4 * point.width
    samples = (2 * DOUBLE + NUMBER) * images * columns
    return activations + (samples + min(DISTANCE_BYTES, 12 * DOUBLE * images**2) if pairs else 0)


def peak_bytes(point: TrialConfig) -> int:
    """The most that a trial of the point has allocated at a time, without the context of its process."""
    images = TRAIN_IMAGES[point.dataset] + point.validation_images
    data = NUMBER * images * (PIXELS[point.dataset] + 1)
    variables = NUMBER * weights(point) * (2 + SLOTS[point.optimizer])
    return data + variables + max(step_bytes(point), measuring_bytes(point))


@dataclass(frozen=True)
class Fit:
    """The largest of some points beside what each may allocate, in bytes; `gpu` names the smallest GPU.

    `may_take` is None where there is no GPU to tell by; `too_large` counts the points that need more.
    """

    largest: TrialConfig
    needs: int
    may_take: int | None
    too_large: int
    gpu: str | None
    enough: float | None
    """The smallest share of such a GPU that will do; None where not even a whole one does."""

    @property
    def in_words(self) -> str:
        """As in `about 1.2 GB, of 19.4 GB that 0.25 of ... allows`."""
        need = f"about {self.needs / 1e9:.1f} GB at most"
        return need if self.may_take is None else f"{need}, of {self.may_take / 1e9:.1f} GB for each on {self.gpu}"

    @property
    def remedy(self) -> str:
        """What to do about those that are too large."""
        if self.enough is None:
            return "not even a whole one will do: choose larger GPUs or smaller networks"
        return f"--gpus-per-trial {self.enough:g} gives them room"


def fit(points: Sequence[TrialConfig], wanted: Resources, gpus: Sequence[Gpu]) -> Fit | None:
    """Whether the points fit into what each is given of the smallest of these GPUs; None for trials on CPUs."""
    if not points or not wanted.gpus:
        return None
    largest = max(points, key=peak_bytes)
    needs = peak_bytes(largest)
    if not gpus:
        return Fit(largest, needs, None, 0, None, None)
    smallest = min(gpus, key=lambda gpu: gpu.memory_mib)
    may_take = allowed_bytes(wanted.gpus, smallest.memory_mib)
    too_large = sum(peak_bytes(point) > may_take for point in points)
    return Fit(largest, needs, may_take, too_large, smallest.name, smallest_share(needs, smallest.memory_mib))


def allowed_bytes(share: float, memory_mib: int) -> int:
    """What a trial with that share of such a GPU may allocate; of several GPUs it uses one."""
    limit = limit_mib(share, memory_mib)
    return MIB * (memory_mib - CONTEXT_MIB if limit is None else limit)


def smallest_share(needs: int, memory_mib: int) -> float | None:
    """The smallest equal share of such a GPU in which so many bytes fit; None when not even the whole has them."""
    for sharers in range(MOST_SHARERS, 0, -1):
        share = int(1000 / sharers) / 1000
        if allowed_bytes(share, memory_mib) >= needs:
            return share
    return None

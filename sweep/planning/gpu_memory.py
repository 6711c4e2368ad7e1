"""The GPU memory that points need, estimated before a run, and whether their share of a GPU is enough. Pure.

The peak is the permanent memory (the data set, the weights, their gradients and the optimizer's variables) plus the
larger temporary memory of a step and of a measurement. The estimate of a step is within ESTIMATE_FACTOR of XLA's own
analysis of the step compiled for a CPU, over the architectures and the papers' widths and depths; on a GPU it was not
compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweep.spec import Resources
from sweep.system.machine import Gpu
from sweep.text import counted
from trainables import probes
from trainables.config import TRAIN_IMAGES, TrialConfig
from trainables.gpu_share import CONTEXT_MIB, limit_mib
from trainables.sizes import CLASSES, PIXELS, SLOTS, hidden_widths, weights, widths

ESTIMATE_FACTOR = 1.5
NUMBER, DOUBLE = 4, 8
LIVE_PER_UNIT = {True: 3.5, False: 1.4}
"""Numbers that a step keeps for each unit and image, with and without BatchNormalization: forward and backward."""
DISTANCE_BYTES = 12 * 2**25
"""The estimator works on blocks of distances, at most a dozen at a time of 32 MiB each."""
MOST_SHARERS = 64
MIB = 2**20


def step_bytes(point: TrialConfig) -> int:
    """Temporary memory of a training step: activations of its batch, and their gradients."""
    units = LIVE_PER_UNIT[point.batch_norm] * sum(hidden_widths(point)) + CLASSES
    images = TRAIN_IMAGES[point.dataset] if point.batch_size == "all" else point.batch_size
    return int(NUMBER * images * units)


def measuring_bytes(point: TrialConfig) -> int:
    """Temporary memory of an evaluation and of the MI of one pair at a time."""
    images = point.validation_images
    activations = NUMBER * images * sum(widths(point))
    pairs = [pair for pair in probes.pairs(point) if not pair.is_with_label]
    columns = (PIXELS[point.dataset] if any(pair.is_with_input for pair in pairs) else 0) + 4 * point.width
    samples = (2 * DOUBLE + NUMBER) * images * columns
    return activations + (samples + min(DISTANCE_BYTES, 12 * DOUBLE * images**2) if pairs else 0)


def peak_bytes(point: TrialConfig) -> int:
    """Peak memory of a trial of the point, without the CUDA context of its process."""
    images = TRAIN_IMAGES[point.dataset] + point.validation_images
    data = NUMBER * images * (PIXELS[point.dataset] + 1)
    variables = NUMBER * weights(point) * (2 + SLOTS[point.optimizer])
    return data + variables + max(step_bytes(point), measuring_bytes(point))


@dataclass(frozen=True)
class Fit:
    """The memory that points need and the memory that each may allocate, in bytes; `gpu` names the smallest GPU.

    each: the need by point id. may_take: what each may allocate, None where no GPU is known. too_large: the number of
    points that need more.
    """

    each: Mapping[str, int]
    largest: TrialConfig
    share: float
    may_take: int | None = None
    too_large: int = 0
    gpu: str | None = None
    crowd: str | None = None
    """The warning where trials with that share may together take more memory than a GPU has."""
    enough: float | None = None
    """The smallest share of such a GPU that is enough; None where not even a whole one is."""

    @property
    def needs(self) -> int:
        """The need of the largest point."""
        return self.each[self.largest.point_id]

    @property
    def gpu_at_least(self) -> int:
        """The size of a GPU in whose share the largest point fits, with the CUDA context of its process."""
        return int((self.needs + MIB * CONTEXT_MIB) / min(self.share, 1.0))

    @property
    def in_words(self) -> str:
        """As in `about 1.2 GB at most, of 19.4 GB for each on ...`."""
        need = f"about {self.needs / 1e9:.1f} GB at most"
        if self.may_take is None:
            wants = f"{self.share:g} GPU for each asks for GPUs of {self.gpu_at_least / 1e9:.1f} GB or more"
            return f"{need}; {wants}"
        return f"{need}, of {self.may_take / 1e9:.1f} GB for each on {self.gpu}"

    @property
    def warnings(self) -> list[str]:
        """The problems with the share, the last one with the remedy."""
        too_small = (
            f"too small a part of a GPU for {counted(self.too_large, 'point')}, the largest is {self.largest.name}"
        )
        *first_problems, last_problem = [
            *([too_small] if self.too_large else []),
            *([self.crowd] if self.crowd else []),
        ] or [""]
        return [*first_problems, f"{last_problem}; {self.remedy}"] if last_problem else []

    @property
    def remedy(self) -> str:
        """What to do about a share that is too small."""
        if self.enough is None:
            return "not even a whole one will do: choose larger GPUs or smaller networks"
        return f"--gpus-per-trial {self.enough:g} gives them room"


def fit(
    points: Sequence[TrialConfig], resources: Resources, gpus: Sequence[Gpu], max_concurrent: int | None = None
) -> Fit | None:
    """Whether the points fit into their shares of the smallest of these GPUs; None for trials on CPUs."""
    if not points or not resources.gpus:
        return None
    each = {point.point_id: peak_bytes(point) for point in points}
    largest = max(points, key=lambda point: each[point.point_id])
    if not gpus:
        return Fit(each, largest, resources.gpus)
    smallest = min(gpus, key=lambda gpu: gpu.memory_mib)
    may_take = allowed_bytes(resources.gpus, smallest.memory_mib)
    return Fit(
        each,
        largest,
        resources.gpus,
        may_take,
        too_large=sum(needs > may_take for needs in each.values()),
        gpu=smallest.name,
        crowd=_crowd(resources.gpus, smallest, max_concurrent),
        enough=smallest_share(each[largest.point_id], smallest.memory_mib),
    )


def _crowd(share: float, gpu: Gpu, max_concurrent: int | None) -> str | None:
    """The warning if the trials that share the GPU may together take more memory than it has; else None."""
    count = min(sharers(share), max_concurrent or sharers(share))
    together, has = count * process_bytes(share, gpu.memory_mib), MIB * gpu.memory_mib
    if together <= has:
        return None
    context, limit = MIB * CONTEXT_MIB / 1e9, allowed_bytes(share, gpu.memory_mib) / 1e9
    return (
        f"{share:g} GPU for each lets {count} trials share one {gpu.name} and take {together / 1e9:.1f} GB of its "
        f"{has / 1e9:.1f} GB: {context:.1f} GB for the CUDA context of each process and up to {limit:.2g} GB for its "
        "trial"
    )


def allowed_bytes(share: float, memory_mib: int) -> int:
    """The memory that a trial with that share of such a GPU may allocate; of several GPUs it uses one."""
    limit = limit_mib(share, memory_mib)
    return MIB * (memory_mib - CONTEXT_MIB if limit is None else limit)


def process_bytes(share: float, memory_mib: int) -> int:
    """The most memory that the process of such a trial takes, its CUDA context included."""
    return allowed_bytes(share, memory_mib) + MIB * CONTEXT_MIB


def sharers(share: float) -> int:
    """How many trials with that share Ray lets share a GPU."""
    return max(1, int(1 / share + 1e-9))


def smallest_share(needs: int, memory_mib: int) -> float | None:
    """The smallest share of such a GPU in which so many bytes fit, for as many processes as may then share it.

    None when not even the whole GPU has them.
    """
    for count in range(MOST_SHARERS, 0, -1):
        share = int(1000 / count) / 1000
        fits_together = sharers(share) * process_bytes(share, memory_mib) <= MIB * memory_mib
        if fits_together and allowed_bytes(share, memory_mib) >= needs:
            return share
    return None
